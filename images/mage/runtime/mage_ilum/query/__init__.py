"""SQL with bound values and checked names."""
