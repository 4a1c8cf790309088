"""Spread drafts over the coming days, on the best free hours of their accounts.

Start at `spread` in `planner`. `scoring` turns recommendations and schedules into the integers of a `grid`.
`exact_choice` finds the best hours of posts to the same accounts, `assignment` those of families of posts that share
accounts, and `bound` proves how good a plan can be.
"""
