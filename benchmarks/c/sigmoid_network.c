/* Half the squared error of a network with two layers of sigmoids on a batch; products by the BLAS that is passed in. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef void gemm(const char *, const char *, const int *, const int *, const int *, const double *, const double *,
                  const int *, const double *, const int *, const double *, double *, const int *);

/* C (m x n) = op(A) op(B), all in C's order: BLAS sees the transposes, so the operands change places. */
static void product(gemm *dgemm, const char *ta, const char *tb, int m, int n, int k, const double *A, const double *B,
                    double *C) {
    const double one = 1.0, zero = 0.0;
    const int lda = *ta == 'N' ? k : m, ldb = *tb == 'N' ? n : k;
    dgemm(tb, ta, &n, &m, &k, &one, B, &ldb, A, &lda, &zero, C, &n);
}

/* a = sigmoid(a + b), row by row */
static void activate(double *restrict a, const double *restrict b, long rows, long columns) {
    for (long i = 0; i < rows; i++) {
        double *restrict row = a + i * columns;
        for (long j = 0; j < columns; j++) row[j] = 1.0 / (1.0 + exp(-(row[j] + b[j])));
    }
}

static void run(const double *W1, const double *b1, const double *W2, const double *b2, const double *X, gemm *dgemm,
                long batch, long in, long mid, long out, double *hidden, double *outputs) {
    product(dgemm, "N", "N", batch, mid, in, X, W1, hidden);
    activate(hidden, b1, batch, mid);
    product(dgemm, "N", "N", batch, out, mid, hidden, W2, outputs);
    activate(outputs, b2, batch, out);
}

double sigmoid_network_value(const double *W1, const double *b1, const double *W2, const double *b2, const double *X,
                             const double *restrict targets, gemm *dgemm, long batch, long in, long mid, long out) {
    double *hidden = malloc(batch * (mid + out) * sizeof(double)), *restrict outputs = hidden + batch * mid;
    run(W1, b1, W2, b2, X, dgemm, batch, in, mid, out, hidden, outputs);
    double cost = 0.0;
    for (long i = 0; i < batch * out; i++) cost += (outputs[i] - targets[i]) * (outputs[i] - targets[i]);
    free(hidden);
    return 0.5 * cost;
}

/* delta *= s (1 - s), and the sum of its rows */
static void through_sigmoid(double *restrict delta, const double *restrict s, long rows, long columns,
                            double *restrict sum) {
    memset(sum, 0, columns * sizeof(double));
    for (long i = 0; i < rows; i++) {
        double *restrict row = delta + i * columns;
        const double *restrict value = s + i * columns;
        for (long j = 0; j < columns; j++) {
            row[j] *= value[j] * (1.0 - value[j]);
            sum[j] += row[j];
        }
    }
}

double sigmoid_network_gradient(const double *W1, const double *b1, const double *W2, const double *b2, const double *X,
                                const double *restrict targets, gemm *dgemm, long batch, long in, long mid, long out,
                                double *W1_bar, double *b1_bar, double *W2_bar, double *b2_bar) {
    double *hidden = malloc(2 * batch * (mid + out) * sizeof(double)), *restrict outputs = hidden + batch * mid;
    double *restrict delta = outputs + batch * out, *hidden_bar = delta + batch * out;
    run(W1, b1, W2, b2, X, dgemm, batch, in, mid, out, hidden, outputs);
    double cost = 0.0;
    for (long i = 0; i < batch * out; i++) {
        delta[i] = outputs[i] - targets[i];
        cost += delta[i] * delta[i];
    }
    through_sigmoid(delta, outputs, batch, out, b2_bar);
    product(dgemm, "T", "N", mid, out, batch, hidden, delta, W2_bar);
    product(dgemm, "N", "T", batch, mid, out, delta, W2, hidden_bar);
    through_sigmoid(hidden_bar, hidden, batch, mid, b1_bar);
    product(dgemm, "T", "N", in, mid, batch, X, hidden_bar, W1_bar);
    free(hidden);
    return 0.5 * cost;
}
