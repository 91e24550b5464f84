# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether times tell two kinds of answers apart: the test of Mann and Whitney (1947)."""

import math
import statistics
import sys


def rank_sums(first, second):
    """The sum of the ranks of the first numbers among all; equal ones share their ranks."""
    every = sorted((number, which) for which, numbers in enumerate((first, second))
                   for number in numbers)
    total, at = 0.0, 0
    while at < len(every):
        end = at
        while end < len(every) and every[end][0] == every[at][0]:
            end += 1
        total += sum(1 for _, which in every[at:end] if which == 0) * (at + 1 + end) / 2
        at = end
    return total


def compare(first, second):
    """How likely a number of the second is greater than one of the first (0.5: they are alike), and
    the probability that chance alone is as far from that."""
    count = len(first) * len(second)
    smaller = len(first) * (len(first) + 1) / 2 + count - rank_sums(first, second)
    deviation = math.sqrt(count * (len(first) + len(second) + 1) / 12)
    chance = math.erfc(abs(smaller - count / 2) / deviation / math.sqrt(2))
    return smaller / count, chance


def report(times, reference):
    """Prints a line for each kind beside the reference, and returns the first number of compare()."""
    found = {}
    for kind, numbers in times.items():
        found[kind], chance = compare(times[reference], numbers)
        print(f"# {kind}: median {statistics.median(numbers) * 1e3:.3f} ms of {len(numbers)}, later "
              f"than {reference} in {100 * found[kind]:.0f} %, by chance {chance:.2g}",
              file=sys.stderr)
    return found
