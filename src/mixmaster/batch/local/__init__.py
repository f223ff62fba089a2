"""This machine as an executor: worker processes, memory, folders."""
