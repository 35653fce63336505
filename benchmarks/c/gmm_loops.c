/* The log-likelihood of a Gaussian mixture with a Wishart prior, point by point.
 *
 * icf has for each component the logarithms of the diagonal of its factor (d), then what is below it by columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double log_sum_exp(const double *restrict terms, long count) {
    double largest = terms[0], total = 0.0;
    for (long k = 1; k < count; k++) largest = terms[k] > largest ? terms[k] : largest;
    for (long k = 0; k < count; k++) total += exp(terms[k] - largest);
    return largest + log(total);
}

static double normaliser(long d, double gamma, double m) {
    const double n = d + m + 1.0;
    double log_gamma = 0.25 * d * (d - 1) * log(M_PI);
    for (long j = 0; j < d; j++) log_gamma += lgamma(0.5 * (n - j));
    return n * d * (log(gamma) - 0.5 * log(2.0)) - log_gamma;
}

/* scales = exp of the diagonals, logs = their sums; returns the logarithm of the prior */
static double prepare(const double *restrict icf, long components, long d, double gamma, double m,
                      double *restrict scales, double *restrict logs) {
    const long width = d + d * (d - 1) / 2;
    double prior = -components * normaliser(d, gamma, m);
    for (long k = 0; k < components; k++) {
        const double *restrict row = icf + k * width;
        double squares = 0.0, sum = 0.0;
        for (long a = 0; a < d; a++) {
            const double scale = exp(row[a]);
            scales[k * d + a] = scale;
            squares += scale * scale;
            sum += row[a];
        }
        for (long p = d; p < width; p++) squares += row[p] * row[p];
        logs[k] = sum;
        prior += 0.5 * gamma * gamma * squares - m * sum;
    }
    return prior;
}

/* centered = x - mean, projected = factor centered, two columns at a time; returns the square of its length */
static inline double project(const double *restrict x, const double *restrict mean, const double *restrict scales,
                             const double *restrict lower, long d, double *restrict centered,
                             double *restrict projected) {
    for (long a = 0; a < d; a++) {
        centered[a] = x[a] - mean[a];
        projected[a] = scales[a] * centered[a];
    }
    for (long a = 0; a + 2 <= d; a += 2) {
        const double c0 = centered[a], c1 = centered[a + 1];
        const double *restrict next = lower + d - 1 - a;
        projected[a + 1] += lower[0] * c0;
        for (long b = a + 2; b < d; b++) projected[b] += lower[b - a - 1] * c0 + next[b - a - 2] * c1;
        lower += 2 * (d - a) - 3;
    }
    double squares = 0.0;
    for (long a = 0; a < d; a++) squares += projected[a] * projected[a];
    return squares;
}

double gmm_loops_value(const double *restrict alphas, const double *restrict means, const double *restrict icf,
                       const double *restrict x, double gamma, long m, long n, long d, long components) {
    const long width = d + d * (d - 1) / 2;
    double *scales = malloc((components * (d + 2) + 2 * d) * sizeof(double)), *logs = scales + components * d;
    double *terms = logs + components, *centered = terms + components, *projected = centered + d;
    double total = prepare(icf, components, d, gamma, m, scales, logs);
    for (long i = 0; i < n; i++) {
        for (long k = 0; k < components; k++)
            terms[k] = alphas[k] + logs[k]
                       - 0.5 * project(x + i * d, means + k * d, scales + k * d, icf + k * width + d, d, centered,
                                       projected);
        total += log_sum_exp(terms, components);
    }
    total -= n * (0.5 * d * log(2.0 * M_PI) + log_sum_exp(alphas, components));
    free(scales);
    return total;
}

/* The adjoint of one projection: the cotangent of projected is -weight * projected. Two columns at a time again. */
static inline void pull(double weight, const double *restrict centered, const double *restrict projected,
                        const double *restrict scales, const double *restrict lower, long d, double *restrict bar,
                        double *restrict mean_bar, double *restrict icf_bar) {
    double *restrict lower_bar = icf_bar + d;
    for (long a = 0; a < d; a++) {
        bar[a] = -weight * projected[a];
        mean_bar[a] -= scales[a] * bar[a];
        icf_bar[a] += scales[a] * bar[a] * centered[a];
    }
    for (long a = 0; a + 2 <= d; a += 2) {
        const double c0 = centered[a], c1 = centered[a + 1];
        const long rest = d - 2 - a;
        const double *restrict l0 = lower + 1, *restrict l1 = l0 + rest, *restrict after = bar + a + 2;
        double *restrict b0 = lower_bar + 1, *restrict b1 = b0 + rest;
        double sum0 = lower[0] * bar[a + 1], sum1 = 0.0;
        lower_bar[0] += bar[a + 1] * c0;
        for (long b = 0; b < rest; b++) {
            b0[b] += after[b] * c0;
            b1[b] += after[b] * c1;
            sum0 += l0[b] * after[b];
            sum1 += l1[b] * after[b];
        }
        mean_bar[a] -= sum0;
        mean_bar[a + 1] -= sum1;
        lower += 2 * rest + 1;
        lower_bar += 2 * rest + 1;
    }
}

/* One pass over the points; what a point needs again stays in scratch, for all components. */
double gmm_loops_gradient(const double *restrict alphas, const double *restrict means, const double *restrict icf,
                          const double *restrict x, double gamma, long m, long n, long d, long components,
                          double *restrict alphas_bar, double *restrict means_bar, double *restrict icf_bar) {
    const long width = d + d * (d - 1) / 2, size = components * d;
    double *scales = malloc((3 * size + 2 * components + d) * sizeof(double)), *centered = scales + size;
    double *projected = centered + size, *logs = projected + size, *terms = logs + components;
    double *bar = terms + components;
    double total = prepare(icf, components, d, gamma, m, scales, logs);
    memset(alphas_bar, 0, components * sizeof(double));
    memset(means_bar, 0, size * sizeof(double));
    memset(icf_bar, 0, components * width * sizeof(double));
    for (long i = 0; i < n; i++) {
        double largest = -INFINITY, sum = 0.0;
        for (long k = 0; k < components; k++)
            terms[k] = alphas[k] + logs[k]
                       - 0.5 * project(x + i * d, means + k * d, scales + k * d, icf + k * width + d, d,
                                       centered + k * d, projected + k * d);
        for (long k = 0; k < components; k++) largest = terms[k] > largest ? terms[k] : largest;
        for (long k = 0; k < components; k++) sum += terms[k] = exp(terms[k] - largest);
        total += largest + log(sum);
        for (long k = 0; k < components; k++) {
            const double weight = terms[k] / sum;
            alphas_bar[k] += weight;
            pull(weight, centered + k * d, projected + k * d, scales + k * d, icf + k * width + d, d, bar,
                 means_bar + k * d, icf_bar + k * width);
        }
    }
    const double all = log_sum_exp(alphas, components);
    total -= n * (0.5 * d * log(2.0 * M_PI) + all);
    for (long k = 0; k < components; k++) {
        const double *restrict row = icf + k * width, *restrict scale = scales + k * d;
        double *restrict row_bar = icf_bar + k * width;
        for (long a = 0; a < d; a++) row_bar[a] += alphas_bar[k] - m + gamma * gamma * scale[a] * scale[a];
        for (long p = d; p < width; p++) row_bar[p] += gamma * gamma * row[p];
        alphas_bar[k] -= n * exp(alphas[k] - all);
    }
    free(scales);
    return total;
}
