"""Will Mage reach and understand Spark? The walk from one to the other, step by step, and what each failure means."""
