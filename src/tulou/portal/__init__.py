"""The portal: settings, URLs, layout, the home pages and the command that serves them."""
