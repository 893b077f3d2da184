"""Speed benchmark: named cases, each kernel in processes of its own, one table.

cases → thermal start of each → rounds of (case, kernels), each a fresh process → rows → table
"""
