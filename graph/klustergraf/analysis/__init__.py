"""Who works with whom, what is missing, who should meet: computed once for each version.

``extraction`` reads a version's dataset into a :class:`~klustergraf.analysis.snapshot.Snapshot`;
``network`` makes weighted networks of it; ``measures``, ``paths``, ``coverage`` and
``suggestions`` work on those; ``storage`` keeps the results with the version.
"""
