"""The page kit: lists with filters, sorting and export; forms; menus."""
