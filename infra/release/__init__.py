"""Releases: from a plan that was looked at to an apply of that plan and no other.

A release is a folder that one build writes and the next stages read: what would change, what it costs and puts at
risk, who has to say yes, and a digest that binds the yes to the change. All of it runs the same from a shell and
from Jenkins. Leaves out the pipelines (`ci/`), which only call it.
"""
