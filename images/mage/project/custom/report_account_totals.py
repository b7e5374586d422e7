if 'custom' not in globals():
    from mage_ai.data_preparation.decorators import custom


@custom
def report(rows, *args, **kwargs):
    """
    Take what the upstream block returned: a plain number, not the data.
    """
    print(f'{rows} accounts have large transactions')
    return rows
