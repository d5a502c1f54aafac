"""Reads a running site as harvesters and assessors of FAIR data do, and judges it by rules."""
