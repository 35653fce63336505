/* The log-likelihood of a Gaussian mixture with a Wishart prior, by matrix products for blocks of points. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void gemm(const char *, const char *, const int *, const int *, const int *, const double *, const double *,
                  const int *, const double *, const int *, const double *, double *, const int *);

enum { BLOCK = 64 };

/* C = op(A) op(B) + beta C, in C's order: BLAS sees the transposes, so the operands change places. */
static void product(gemm *dgemm, const char *ta, const char *tb, int m, int n, int k, const double *A, const double *B,
                    double beta, double *C) {
    const double one = 1.0;
    const int lda = *ta == 'N' ? k : m, ldb = *tb == 'N' ? n : k;
    dgemm(tb, ta, &n, &m, &k, &one, B, &ldb, A, &lda, &beta, C, &n);
}

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

/* Unpacks the factors, with the sums of the logarithms of their diagonals; returns the logarithm of the prior. */
static double unpack(const double *restrict icf, long components, long d, double gamma, double m,
                     double *restrict factors, double *restrict logs) {
    const long width = d + d * (d - 1) / 2;
    double prior = -components * normaliser(d, gamma, m);
    memset(factors, 0, components * d * d * sizeof(double));
    for (long k = 0; k < components; k++) {
        const double *restrict row = icf + k * width, *restrict below = row + d;
        double *restrict factor = factors + k * d * d, squares = 0.0, sum = 0.0;
        for (long p = d; p < width; p++) squares += row[p] * row[p];
        for (long a = 0; a < d; a++) {
            const double scale = exp(row[a]);
            factor[a * d + a] = scale;
            squares += scale * scale;
            sum += row[a];
            for (long b = a + 1; b < d; b++) factor[b * d + a] = *below++;
        }
        logs[k] = sum;
        prior += 0.5 * gamma * gamma * squares - m * sum;
    }
    return prior;
}

/* terms[k][i] of a block of points; what is centered and projected is left for each component, or overwritten */
static void block_terms(gemm *dgemm, const double *restrict alphas, const double *restrict means,
                        const double *factors, const double *restrict logs, const double *restrict x, long rows, long d,
                        long components, long keep, double *centered, double *projected, double *restrict terms) {
    for (long k = 0; k < components; k++) {
        double *restrict c = centered + keep * k * BLOCK * d, *restrict q = projected + keep * k * BLOCK * d;
        for (long i = 0; i < rows; i++)
            for (long a = 0; a < d; a++) c[i * d + a] = x[i * d + a] - means[k * d + a];
        product(dgemm, "N", "T", rows, d, d, c, factors + k * d * d, 0.0, q);
        for (long i = 0; i < rows; i++) {
            double squares = 0.0;
            for (long a = 0; a < d; a++) squares += q[i * d + a] * q[i * d + a];
            terms[k * BLOCK + i] = alphas[k] + logs[k] - 0.5 * squares;
        }
    }
}

/* Overwrites the terms by the weights of the components; returns the sum over the points of the log-sum-exp. */
static double block_weights(double *restrict terms, long rows, long components) {
    double largest[BLOCK], sum[BLOCK], total = 0.0;
    for (long i = 0; i < rows; i++) largest[i] = terms[i], sum[i] = 0.0;
    for (long k = 1; k < components; k++)
        for (long i = 0; i < rows; i++) {
            const double t = terms[k * BLOCK + i];
            largest[i] = t > largest[i] ? t : largest[i];
        }
    for (long k = 0; k < components; k++)
        for (long i = 0; i < rows; i++) sum[i] += terms[k * BLOCK + i] = exp(terms[k * BLOCK + i] - largest[i]);
    for (long i = 0; i < rows; i++) {
        total += largest[i] + log(sum[i]);
        sum[i] = 1.0 / sum[i];
    }
    for (long k = 0; k < components; k++)
        for (long i = 0; i < rows; i++) terms[k * BLOCK + i] *= sum[i];
    return total;
}

double gmm_numpy_value(const double *alphas, const double *means, const double *icf, const double *x, double gamma,
                       long m, gemm *dgemm, long n, long d, long components) {
    double *factors = malloc((components * (d * d + 1 + BLOCK) + 2 * BLOCK * d) * sizeof(double));
    double *logs = factors + components * d * d, *terms = logs + components, *centered = terms + components * BLOCK;
    double total = unpack(icf, components, d, gamma, m, factors, logs);
    for (long start = 0; start < n; start += BLOCK) {
        const long rows = n - start < BLOCK ? n - start : BLOCK;
        block_terms(dgemm, alphas, means, factors, logs, x + start * d, rows, d, components, 0, centered,
                    centered + BLOCK * d, terms);
        total += block_weights(terms, rows, components);
    }
    total -= n * (0.5 * d * log(2.0 * M_PI) + log_sum_exp(alphas, components));
    free(factors);
    return total;
}

/* One pass over blocks of points. Points are not differentiated, so that what would flow to `centered` is summed over
 * them first and goes through the factor once, at the end. */
double gmm_numpy_gradient(const double *alphas, const double *means, const double *icf, const double *x, double gamma,
                          long m, gemm *dgemm, long n, long d, long components, double *restrict alphas_bar,
                          double *restrict means_bar, double *restrict icf_bar) {
    const long width = d + d * (d - 1) / 2, block = components * BLOCK * d, square = components * d * d;
    double *factors = malloc((2 * square + components * (1 + BLOCK + d) + 2 * block) * sizeof(double));
    double *factors_bar = factors + square, *logs = factors_bar + square, *terms = logs + components;
    double *sums = terms + components * BLOCK, *centered = sums + components * d, *projected = centered + block;
    double total = unpack(icf, components, d, gamma, m, factors, logs);
    memset(factors_bar, 0, square * sizeof(double));
    memset(alphas_bar, 0, components * sizeof(double));
    memset(sums, 0, components * d * sizeof(double));
    for (long start = 0; start < n; start += BLOCK) {
        const long rows = n - start < BLOCK ? n - start : BLOCK;
        block_terms(dgemm, alphas, means, factors, logs, x + start * d, rows, d, components, 1, centered, projected,
                    terms);
        total += block_weights(terms, rows, components);
        for (long k = 0; k < components; k++) {
            double *restrict q = projected + k * BLOCK * d, *restrict sum = sums + k * d;
            for (long i = 0; i < rows; i++) {
                const double weight = terms[k * BLOCK + i];
                alphas_bar[k] += weight;
                for (long a = 0; a < d; a++) {
                    q[i * d + a] *= -weight;
                    sum[a] += q[i * d + a];
                }
            }
            product(dgemm, "T", "N", d, d, rows, q, centered + k * BLOCK * d, 1.0, factors_bar + k * d * d);
        }
    }
    const double all = log_sum_exp(alphas, components);
    total -= n * (0.5 * d * log(2.0 * M_PI) + all);
    for (long k = 0; k < components; k++) {
        const double *restrict factor = factors + k * d * d, *restrict bar = factors_bar + k * d * d;
        double *restrict mean_bar = means_bar + k * d, *restrict row_bar = icf_bar + k * width, *below = row_bar + d;
        memset(mean_bar, 0, d * sizeof(double));
        for (long b = 0; b < d; b++)
            for (long a = 0; a <= b; a++) mean_bar[a] -= sums[k * d + b] * factor[b * d + a];
        for (long a = 0; a < d; a++) {
            const double scale = factor[a * d + a];
            row_bar[a] = alphas_bar[k] - m + scale * (bar[a * d + a] + gamma * gamma * scale);
            for (long b = a + 1; b < d; b++) *below++ = bar[b * d + a] + gamma * gamma * factor[b * d + a];
        }
        alphas_bar[k] -= n * exp(alphas[k] - all);
    }
    free(factors);
    return total;
}
