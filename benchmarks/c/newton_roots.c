/* The sum of square roots by Newton's iteration, each element until it has converged. */
#include <math.h>

static const double TOLERANCE = 1e-12;

double newton_roots_value(const double *restrict x, long n) {
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        const double s = x[i];
        double y = s;
        while (fabs(y * y - s) > TOLERANCE * s) y = 0.5 * (y + s / y);
        total += y;
    }
    return total;
}

/* One input and one output for each element: the derivative is carried along with the iteration, and nothing is kept.
 * With r = 1/y: y' = (y + s r) / 2 and y'_dot = (y_dot + r - s r^2 y_dot) / 2, so one division serves both. */
double newton_roots_gradient(const double *restrict x, long n, double *restrict x_bar) {
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        const double s = x[i];
        double y = s, y_dot = 1.0;
        while (fabs(y * y - s) > TOLERANCE * s) {
            const double r = 1.0 / y, q = s * r;
            y_dot = 0.5 * (y_dot + r * (1.0 - q * y_dot));
            y = 0.5 * (y + q);
        }
        total += y;
        x_bar[i] = y_dot;
    }
    return total;
}
