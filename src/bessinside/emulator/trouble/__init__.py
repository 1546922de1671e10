"""What goes wrong, and what must show it: scenarios, their levers, the wire's own faults, the truth about both."""
