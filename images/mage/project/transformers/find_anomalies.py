if 'transformer' not in globals():
    from mage_ai.data_preparation.decorators import transformer
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@transformer
def transform(transactions, *args, **kwargs):
    """
    Keep the transactions that stand out: the largest one percent.
    """
    limit = transactions['amount'].quantile(0.99)
    anomalies = transactions[transactions['amount'] >= limit]

    print(f'{len(anomalies)} of {len(transactions)} transactions stand out (from {limit:.2f})')
    return anomalies


@test
def test_output(output, *args) -> None:
    assert len(output) > 0, 'no transaction stands out'
