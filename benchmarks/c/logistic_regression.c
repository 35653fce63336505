/* Mean logistic loss of n rows of d numbers, with a ridge: one pass over the rows, in blocks that stay in cache. */
#include <math.h>
#include <string.h>

enum { ROWS = 64 };

/* -y (X w) of `rows` rows */
static void negative_margins(const double *restrict w, const double *restrict X, const double *restrict y, long rows,
                             long d, double *restrict margin) {
    for (long i = 0; i < rows; i++) {
        const double *restrict row = X + i * d;
        double sum = 0.0;
        for (long j = 0; j < d; j++) sum += row[j] * w[j];
        margin[i] = -y[i] * sum;
    }
}

double logistic_regression_value(const double *restrict w, const double *restrict X, const double *restrict y,
                                 double ridge, long n, long d) {
    double loss = 0.0, square = 0.0, margin[ROWS];
    for (long start = 0; start < n; start += ROWS) {
        const long rows = n - start < ROWS ? n - start : ROWS;
        negative_margins(w, X + start * d, y + start, rows, d, margin);
        for (long i = 0; i < rows; i++) loss += log1p(exp(margin[i]));
    }
    for (long j = 0; j < d; j++) square += w[j] * w[j];
    return loss / n + ridge * square;
}

double logistic_regression_gradient(const double *restrict w, const double *restrict X, const double *restrict y,
                                    double ridge, long n, long d, double *restrict w_bar) {
    double loss = 0.0, square = 0.0, margin[ROWS];
    memset(w_bar, 0, d * sizeof(double));
    for (long start = 0; start < n; start += ROWS) {
        const long rows = n - start < ROWS ? n - start : ROWS;
        const double *restrict block = X + start * d;
        negative_margins(w, block, y + start, rows, d, margin);
        for (long i = 0; i < rows; i++) {
            const double e = exp(margin[i]);
            loss += log1p(e);
            margin[i] = -y[start + i] * (e / (1.0 + e));
        }
        for (long i = 0; i < rows; i++)
            for (long j = 0; j < d; j++) w_bar[j] += margin[i] * block[i * d + j];
    }
    for (long j = 0; j < d; j++) {
        square += w[j] * w[j];
        w_bar[j] = w_bar[j] / n + 2.0 * ridge * w[j];
    }
    return loss / n + ridge * square;
}
