"""Which hours, days and weekly slots bring one account more engagement.

`features` makes comparable rows of samples, `model` estimates the effects (with `design_matrix` and
`linear_algebra`), and `recommendation` rates hours, days and slots by them. `free_hours` finds the next free one,
`explanation` shows the posts behind a rating, `backtest` tests recommendations on later posts.
"""
