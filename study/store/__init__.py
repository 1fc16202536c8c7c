"""A folder of Parquet files with imported history: one kind of fact per table, one file per part.

Knows how facts are kept, and what is wrong with a file that brings some. What they are used for is
the business of ``study.dataset``.
"""
