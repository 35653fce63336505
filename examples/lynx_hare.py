"""Lynx and hare: a differential equation fitted to twenty-one years of fur trade.

Hares breed, lynx eat hares, lynx starve when hares are few. Lotka and Volterra wrote that down as

    d hare / dt =  birth × hare  -  hunting × hare × lynx
    d lynx / dt = feeding × hare × lynx  -  death × lynx

Below, ordinary Python follows the two populations through time by small Runge-Kutta steps and measures how far they are
from the pelts that trappers sold to the Hudson's Bay Company. Which four rates and which two populations at the start
describe the record best? SciPy's minimizer finds them in a few steps, if somebody tells it the gradient:

    pg.value_and_grad(misfit)

Run it with ``python examples/lynx_hare.py``; it writes a picture to lynx_hare.png.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy.optimize import minimize

import pathgrad as pg

# Thousands of pelts a year: C. G. Hewitt, The Conservation of the Wild Life of Canada (1921), as tabulated by
# P. Howard, Modeling Basics (Texas A&M University, 2009) and B. Carpenter, Predator-Prey Population Dynamics (2018).
YEARS = np.arange(1900, 1921)
# fmt: off
HARES = np.array([
    30, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22, 25.4, 27.1,
    40.3, 57, 76.6, 52.3, 19.5, 11.2, 7.6, 14.6, 16.2, 24.7,
])
LYNXES = np.array([
    4, 6.1, 9.8, 35.2, 59.4, 41.7, 19, 13, 8.3, 9.1, 7.4,
    8, 12.3, 19.5, 45.7, 51.1, 29.7, 15.8, 9.7, 10.1, 8.6,
])
# fmt: on

NAMES = ("hares in 1900", "lynx in 1900", "birth", "hunting", "death", "feeding")
UNITS = ("thousand", "thousand", "1/year", "1/(year × thousand lynx)", "1/year", "1/(year × thousand hares)")
GUESS = (30.0, 4.0, 1.0, 0.02, 1.0, 0.02)
STEPS_PER_YEAR = 20


# ---- the model -------------------------------------------------------------------------------------------------------
def slopes(hare, lynx, birth, hunting, death, feeding):
    return birth * hare - hunting * hare * lynx, feeding * hare * lynx - death * lynx


def runge_kutta_step(hare, lynx, step, birth, hunting, death, feeding):
    h1, l1 = slopes(hare, lynx, birth, hunting, death, feeding)
    h2, l2 = slopes(hare + step / 2 * h1, lynx + step / 2 * l1, birth, hunting, death, feeding)
    h3, l3 = slopes(hare + step / 2 * h2, lynx + step / 2 * l2, birth, hunting, death, feeding)
    h4, l4 = slopes(hare + step * h3, lynx + step * l3, birth, hunting, death, feeding)
    return hare + step / 6 * (h1 + 2 * h2 + 2 * h3 + h4), lynx + step / 6 * (l1 + 2 * l2 + 2 * l3 + l4)


def populations(log_parameters, times, step):
    """Hares and lynx at ``times`` moments, STEPS_PER_YEAR small steps of length ``step`` apart."""
    hare, lynx, birth, hunting, death, feeding = np.exp(log_parameters)  # logarithms keep them all positive
    hares, lynxes = np.empty(times), np.empty(times)
    for moment in range(times):
        hares[moment], lynxes[moment] = hare, lynx
        for _ in range(STEPS_PER_YEAR):
            hare, lynx = runge_kutta_step(hare, lynx, step, birth, hunting, death, feeding)
    return hares, lynxes


def misfit(log_parameters):
    """Sum of squared differences between the logarithms of the model and of the record."""
    hares, lynxes = populations(log_parameters, len(YEARS), 1 / STEPS_PER_YEAR)
    return np.sum(np.log(hares / HARES) ** 2 + np.log(lynxes / LYNXES) ** 2)


# ---- the fit ---------------------------------------------------------------------------------------------------------
def fit(gradient=True):
    """The minimizer's report, with pathgrad's gradient or, to compare, with SciPy's difference quotients."""
    if gradient:
        return minimize(pg.value_and_grad(misfit), np.log(GUESS), jac=True, method="BFGS")
    return minimize(misfit, np.log(GUESS), method="BFGS")


def plot(fitted, path):
    """The record and the fitted model: over time, and one population against the other."""
    from matplotlib.figure import Figure

    per_year = 10
    times = (len(YEARS) - 1) * per_year + 1
    hares, lynxes = populations(fitted.x, times, 1 / (STEPS_PER_YEAR * per_year))
    when = YEARS[0] + np.arange(times) / per_year

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    over_time, phase = figure.subplots(1, 2, width_ratios=(3, 2))
    for name, recorded, model, colour in (("hares", HARES, hares, "#2563a8"), ("lynx", LYNXES, lynxes, "#c2410c")):
        over_time.plot(when, model, color=colour, linewidth=1.8, label=f"{name}, fitted")
        over_time.plot(YEARS, recorded, "o", color=colour, markersize=5, label=f"{name}, recorded")
    over_time.set(xlabel="year", ylabel="pelts, thousands", title="Lotka-Volterra equations fitted to the pelts")
    over_time.set(ylim=(0, 105), xticks=YEARS[::4])
    over_time.legend(ncols=2, loc="upper center", frameon=False)

    phase.plot(HARES, LYNXES, "o-", color="#9aa1ab", linewidth=0.8, markersize=4, label="recorded")
    phase.plot(hares, lynxes, color="#15803d", linewidth=1.8, label="fitted")
    line = {"arrowstyle": "-", "linewidth": 0.6}
    for k, offset in ((0, (14, -11)), (-1, (14, 26))):
        place = (HARES[k], LYNXES[k])
        phase.annotate(str(YEARS[k]), place, xytext=offset, textcoords="offset points", fontsize=9, arrowprops=line)
    phase.set(xlabel="hares, thousands", ylabel="lynx, thousands", title="The cycle", xlim=(0, None), ylim=(0, None))
    phase.legend(frameon=False)
    for axes in (over_time, phase):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main(path="lynx_hare.png"):
    start = time.perf_counter()
    fitted = fit()
    seconds = time.perf_counter() - start
    print(f"{'':<14}{'guess':>9}{'fitted':>10}")
    for name, unit, guess, value in zip(NAMES, UNITS, GUESS, np.exp(fitted.x)):
        print(f"{name:<14}{guess:>9.4g}{value:>10.4f}  {unit}")
    print(f"misfit {misfit(np.log(GUESS)):.2f} -> {fitted.fun:.4f}")
    print(f"{fitted.nfev} evaluations with pathgrad's gradient, {seconds:.1f} s in all")
    print(f"{fit(gradient=False).nfev} evaluations with difference quotients")
    plot(fitted, path)
    print(f"picture: {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
