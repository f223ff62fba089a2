"""Records: sides proposed, sequenced and written; what the groove does not like is named."""
