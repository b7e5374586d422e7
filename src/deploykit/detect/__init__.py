"""Which Spark runs there: what servers, pods, operators, Ilum and Helm say, asked side by side and weighed."""
