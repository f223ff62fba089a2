"""What commands do, from Python and notebooks: functions that take paths and return results."""
