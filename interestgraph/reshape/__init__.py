"""Reshaping: old structure made smaller, with what that saved and what it cost."""
