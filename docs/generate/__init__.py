"""Pages made from the code: `python -m docs.generate` writes them, `--check` fails where one has drifted."""
