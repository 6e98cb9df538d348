"""What is checked of a submission: each check says in a line a fault what is wrong, and what to do.

A check is a function of an `Entry`; `leaderboard.validation` has the list of them.
"""
