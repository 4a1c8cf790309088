"""What a sample of the sweeps must cover, whatever its seed; and the command that runs the sweeps."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.faults import __main__ as command
from tests.faults import sample as sampling
from tests.faults.__main__ import main
from tests.faults.fixed_cases import FIXED_CASES, FixedCase
from tests.faults.judge import Verdict
from tests.faults.mutants import MUTANTS, some_mutants
from tests.faults.mutation import Tried
from tests.faults.posts import ASKS, waits_s
from tests.faults.sample import SEED, WITHOUT_GIT, sample, seed
from tests.faults.sweeps import Run
from tests.faults.table import NOT_ON_POSTGRESQL, POSTGRESQL_SAMPLES, SAMPLES, SWEEPS
from tests.faults.workers import Choice
from tests.rows import each
from ttp.domain.config import Key
from ttp.platforms.platform import Platform

SEEDS = st.text(max_size=20)


@cache
def runs_of(name: str) -> list[Run]:
    return list(SWEEPS[name]())


def samples(seed: str) -> dict[str, list[Run]]:
    return {name: sample(name, runs_of(name), count, seed) for name, count in SAMPLES.items()}


@pytest.mark.slow
@examples(10)
@given(SEEDS)
def test_at_least_half_of_a_sample_spoils_a_publishing_call(seed: str) -> None:
    drawn = [run for runs in samples(seed).values() for run in runs]
    assert 2 * sum(run.at_call for run in drawn) >= len(drawn)


@pytest.mark.slow
@examples(10)
@given(SEEDS)
def test_a_sample_has_every_kind_of_post_that_its_sweep_has(seed: str) -> None:
    for name, runs in samples(seed).items():
        assert {run.covers[0] for run in runs} == {run.covers[0] for run in runs_of(name)}, name


@examples(10)
@given(SEEDS)
def test_a_sample_has_every_trouble_at_a_publishing_call_and_every_kind_there(seed: str) -> None:
    hit = [run for run in samples(seed)["one trouble"] if run.at_call]
    assert {run.row for run in hit} == {run.row for run in runs_of("one trouble")}
    assert {run.covers[0] for run in hit} == set(ASKS)


@examples(5)
@given(SEEDS)
def test_a_sample_is_the_same_for_the_same_seed_and_has_no_run_twice(seed: str) -> None:
    for name, runs in samples(seed).items():
        assert runs == sample(name, runs_of(name), SAMPLES[name], seed)
        assert len({id(run) for run in runs}) == len(runs) >= min(SAMPLES[name], len(runs_of(name)))


@pytest.mark.slow
def test_a_platform_has_runs_of_its_own_in_every_sweep_that_knows_it() -> None:
    for name in SAMPLES:
        of_all = runs_of(name)
        for platform in {run.covers[0].split()[0] for run in of_all}:
            runs = Choice(sizes=dict.fromkeys(SAMPLES, 2), platform=platform, seed="0").of(name)
            fixed = [case for case in FIXED_CASES if case.sweep == name and case.place.startswith(platform)]
            assert {run.platform for run in runs} == {platform}
            assert min(2, len(of_all)) <= len(runs) <= 2 + len(fixed) or len(runs) == 1, (name, platform)
    assert Choice(platform="mastodon").of("tokens") == [], "its tokens do not end"


def test_a_run_lasts_as_long_as_the_platforms_own_waits() -> None:
    class Slow(Platform):
        keys = (Key("ready_s", 30.0, "a container"), Key("settle_s", 300.0, "a list"), Key("app_s", "", "a text"))

    assert waits_s(Slow()) == 30.0


def test_every_sweep_is_made_on_postgresql_or_is_left_out_with_a_reason() -> None:
    assert SAMPLES.keys() - POSTGRESQL_SAMPLES.keys() == NOT_ON_POSTGRESQL.keys()
    assert all(0 < count <= len(runs_of(name)) for name, count in POSTGRESQL_SAMPLES.items())


def test_two_seeds_draw_different_samples() -> None:
    assert samples("a")["one trouble"] != samples("b")["one trouble"]


def test_a_fixed_case_is_in_every_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = [run.fixed_case("one trouble") for run in runs_of("one trouble")[:60]]
    monkeypatch.setattr(sampling, "FIXED_CASES", tuple(fixed))
    for text in ("a", "b"):
        drawn = sample("one trouble", runs_of("one trouble"), 10, text)
        assert {(case.row, case.place) for case in fixed} <= {(run.row, run.place) for run in drawn}


@each("case", FIXED_CASES)
def test_each_fixed_case_is_an_existing_run(case: FixedCase) -> None:
    assert len([run for run in runs_of(case.sweep) if case.names(run)]) == 1


def test_the_seed_is_the_commits_and_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = seed.__wrapped__
    monkeypatch.setenv(SEED, "given")
    assert fresh() == "given"
    monkeypatch.delenv(SEED)
    monkeypatch.setattr(sampling, "__file__", str(tmp_path / "sample.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert fresh() == WITHOUT_GIT
    named = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for argv in (["init", "-q"], [*named, "commit", "-q", "--allow-empty", "-m", "One"]):
        subprocess.run(["git", *argv], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert head.stdout.startswith(fresh())
    monkeypatch.setenv("PATH", "")
    assert fresh() == WITHOUT_GIT


def test_each_commit_tries_two_mutants_and_all_get_their_turn() -> None:
    assert {len(set(some_mutants(str(number), 2))) for number in range(100)} == {2}
    assert {mutant for number in range(100) for mutant in some_mutants(str(number), 2)} == set(MUTANTS)
    assert all(name in SAMPLES for mutant in MUTANTS.values() for name in mutant.sweeps)


@pytest.mark.parametrize(
    "argv",
    [
        ["--part", "1/20"],
        ["--full", "--part", "0/20"],
        ["--full", "--part", "21/20"],
        ["--full", "--part", "half"],
        ["--mutants", "--full"],
        ["--mutants", "--platform", "x"],
        ["--store", "postgresql", "--sweep", "damage"],
        ["--sweep", "host clocks"],
    ],
)
def test_the_command_refuses_wrong_arguments_in_one_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_refusal_sets_the_exit_code() -> None:
    argv = [sys.executable, "-m", "tests.faults", "--part", "1/20"]
    ran = subprocess.run(argv, cwd=Path(__file__).parents[2], env=dict(os.environ), capture_output=True, check=False)
    assert ran.returncode == 2


@pytest.mark.parametrize(("survives", "code"), [(None, 0), ("no lock on refresh", 1)])
def test_a_mutant_that_survives_is_reported_and_fails(
    survives: str | None, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def tried(mutant: str, sweep: str, *rest: object) -> Tried:
        return Tried(mutant, sweep, 1, 2, "" if mutant == survives else "a row, a place")

    monkeypatch.setattr(command, "try_mutant", tried)
    monkeypatch.setattr(command, "bench_somewhere", nullcontext)
    assert main(["--mutants", "--jobs", "1"]) == code
    out, err = capsys.readouterr()
    assert all(name in out for name in MUTANTS)
    assert (survives or "") in err


def test_a_run_at_a_publishing_call_must_have_changed_one() -> None:
    def run(*, at_call: bool) -> Run:
        return Run("a row", "a place", lambda bench: Verdict("published"), at_call=at_call)

    assert run(at_call=True).breaches(Verdict("published"))
    assert not run(at_call=True).breaches(Verdict("published", spoiled_call=True))
    assert not run(at_call=False).breaches(Verdict("published"))
