"""The figures of the paper as a book: what is prepared, run, analysed and compared for each."""
