"""The network: one folder per platform, and what they share. No database access and no scheduling rules."""

BUILT_IN = {
    "bluesky": "Bluesky",
    "command": "",
    "instagram": "Instagram",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "threads": "Threads",
    "tiktok": "TikTok",
    "x": "X",
}
"""The platforms of ttp: the name of the folder, and the title that the start page shows (empty: it does not). Here, and
not in the registry, because the start page imports nothing else."""
