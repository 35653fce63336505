/* Mean logistic loss of n rows of d numbers, with a ridge: one pass over the rows, in blocks that stay in cache. */
#include <math.h>
#include <string.h>

enum { ROWS = 64 };

/* -y (X w) of `rows` rows, four at a time */
static void negative_margins(const double *restrict w, const double *restrict X, const double *restrict y, long rows,
                             long d, double *restrict margin) {
    long i = 0;
    for (; i + 4 <= rows; i += 4) {
        const double *restrict row = X + i * d;
        double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
        for (long j = 0; j < d; j++) {
            s0 += row[j] * w[j];
            s1 += row[d + j] * w[j];
            s2 += row[2 * d + j] * w[j];
            s3 += row[3 * d + j] * w[j];
        }
        margin[i] = -y[i] * s0, margin[i + 1] = -y[i + 1] * s1;
        margin[i + 2] = -y[i + 2] * s2, margin[i + 3] = -y[i + 3] * s3;
    }
    for (; i < rows; i++) {
        double sum = 0.0;
        for (long j = 0; j < d; j++) sum += X[i * d + j] * w[j];
        margin[i] = -y[i] * sum;
    }
}

/* w_bar += X^T f of `rows` rows, four at a time */
static void add_rows(const double *restrict X, const double *restrict f, long rows, long d, double *restrict w_bar) {
    long i = 0;
    for (; i + 4 <= rows; i += 4) {
        const double *restrict row = X + i * d;
        for (long j = 0; j < d; j++)
            w_bar[j] += f[i] * row[j] + f[i + 1] * row[d + j] + f[i + 2] * row[2 * d + j] + f[i + 3] * row[3 * d + j];
    }
    for (; i < rows; i++)
        for (long j = 0; j < d; j++) w_bar[j] += f[i] * X[i * d + j];
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
        add_rows(block, margin, rows, d, w_bar);
    }
    for (long j = 0; j < d; j++) {
        square += w[j] * w[j];
        w_bar[j] = w_bar[j] / n + 2.0 * ridge * w[j];
    }
    return loss / n + ridge * square;
}
