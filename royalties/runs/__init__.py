"""
A royalty run over files: frozen inputs, their partitions, each divided exactly, and a tree over all that came out.

``frozen`` writes what a run is a function of; ``engine`` divides a partition of it; ``proofs`` shows each payee that
its lines are in the run. All three are pure but for the files they are given; ``keeping`` puts those into the store.
"""
