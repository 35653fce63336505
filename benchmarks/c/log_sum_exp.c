/* The logarithm of a sum of exponentials, shifted by the largest element. */
#include <math.h>

static double largest_of(const double *restrict x, long n) {
    double largest = x[0];
    for (long i = 1; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

double log_sum_exp_value(const double *restrict x, long n) {
    const double largest = largest_of(x, n);
    double total = 0.0;
    for (long i = 0; i < n; i++) total += exp(x[i] - largest);
    return largest + log(total);
}

/* The exponentials are kept in the output and scaled there; the shift's own derivative cancels. */
double log_sum_exp_gradient(const double *restrict x, long n, double *restrict x_bar) {
    const double largest = largest_of(x, n);
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        const double e = exp(x[i] - largest);
        x_bar[i] = e;
        total += e;
    }
    const double scale = 1.0 / total;
    for (long i = 0; i < n; i++) x_bar[i] *= scale;
    return largest + log(total);
}
