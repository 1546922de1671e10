"""The plant in registers: a vendor's maps or SunSpec, word by word, and what may be written."""
