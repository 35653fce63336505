/* The loss of a network of two LSTM layers and a linear one that predicts each symbol of a sequence from those before. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* out += x W; four rows of W at a time */
static void multiply(const double *restrict x, const double *restrict W, long rows, long columns,
                     double *restrict out) {
    long i = 0;
    for (; i + 4 <= rows; i += 4) {
        const double *restrict w = W + i * columns;
        for (long j = 0; j < columns; j++)
            out[j] += x[i] * w[j] + x[i + 1] * w[j + columns] + x[i + 2] * w[j + 2 * columns]
                      + x[i + 3] * w[j + 3 * columns];
    }
    for (; i < rows; i++)
        for (long j = 0; j < columns; j++) out[j] += x[i] * W[i * columns + j];
}

/* out (+)= W g */
static void multiply_transposed(const double *restrict W, const double *restrict g, long rows, long columns, long add,
                                double *restrict out) {
    for (long i = 0; i < rows; i++) {
        double sum = 0.0;
        for (long j = 0; j < columns; j++) sum += W[i * columns + j] * g[j];
        out[i] = add ? out[i] + sum : sum;
    }
}

/* W_bar = the sum over the steps of x[t] g[t]^T, eight steps at a time */
static void outer_products(const double *restrict x, const double *restrict g, long steps, long rows, long columns,
                           double *restrict W_bar) {
    memset(W_bar, 0, rows * columns * sizeof(double));
    long t = 0;
    for (; t + 8 <= steps; t += 8) {
        const double *restrict p = g + t * columns;
        for (long i = 0; i < rows; i++) {
            double *restrict row = W_bar + i * columns, f[8];
            for (long s = 0; s < 8; s++) f[s] = x[(t + s) * rows + i];
            for (long j = 0; j < columns; j++) {
                double sum = row[j];
                for (long s = 0; s < 8; s++) sum += f[s] * p[s * columns + j];
                row[j] = sum;
            }
        }
    }
    for (; t < steps; t++)
        for (long i = 0; i < rows; i++)
            for (long j = 0; j < columns; j++) W_bar[i * columns + j] += x[t * rows + i] * g[t * columns + j];
}

static void sum_rows(const double *restrict g, long steps, long columns, double *restrict b_bar) {
    memset(b_bar, 0, columns * sizeof(double));
    for (long t = 0; t < steps; t++)
        for (long j = 0; j < columns; j++) b_bar[j] += g[t * columns + j];
}

/* gates = (forget, keep, out, change) after their functions, and the new cell, its tanh, and the new hidden values */
static void cell_forward(const double *W, const double *U, const double *b, const double *x, const double *h,
                         const double *restrict c, long in, long size, double *restrict gates, double *restrict next_c,
                         double *restrict tanh_c, double *restrict next_h) {
    memcpy(gates, b, 4 * size * sizeof(double));
    multiply(x, W, in, 4 * size, gates);
    multiply(h, U, size, 4 * size, gates);
    for (long j = 0; j < 3 * size; j++) gates[j] = 1.0 / (1.0 + exp(-gates[j]));
    for (long j = 3 * size; j < 4 * size; j++) gates[j] = tanh(gates[j]);
    for (long j = 0; j < size; j++) {
        next_c[j] = gates[j] * c[j] + gates[size + j] * gates[3 * size + j];
        tanh_c[j] = tanh(next_c[j]);
        next_h[j] = gates[2 * size + j] * tanh_c[j];
    }
}

/* Overwrites the gates by their cotangents, c_bar by that of the previous cell. */
static void cell_backward(double *restrict gates, const double *restrict c, const double *restrict tanh_c,
                          const double *restrict h_bar, long size, double *restrict c_bar) {
    double *restrict forget = gates, *restrict keep = gates + size, *restrict out = keep + size,
           *restrict change = out + size;
    for (long j = 0; j < size; j++) {
        const double f = forget[j], k = keep[j], o = out[j], g = change[j];
        const double total = c_bar[j] + h_bar[j] * o * (1.0 - tanh_c[j] * tanh_c[j]);
        forget[j] = total * c[j] * f * (1.0 - f);
        keep[j] = total * g * k * (1.0 - k);
        out[j] = h_bar[j] * tanh_c[j] * o * (1.0 - o);
        change[j] = total * k * (1.0 - g * g);
        c_bar[j] = total * f;
    }
}

/* y = h V + v; returns the cross entropy with the next symbol, and leaves exp(y) / sum in y */
static double predict(const double *V, const double *v, const double *h, const double *restrict next, long size,
                      long symbols, double *restrict y) {
    double sum = 0.0, dot = 0.0;
    memcpy(y, v, symbols * sizeof(double));
    multiply(h, V, size, symbols, y);
    for (long j = 0; j < symbols; j++) {
        dot += y[j] * next[j];
        sum += y[j] = exp(y[j]);
    }
    for (long j = 0; j < symbols; j++) y[j] /= sum;
    return log(sum) - dot;
}

double lstm_value(const double *W1, const double *U1, const double *b1, const double *W2, const double *U2,
                  const double *b2, const double *V, const double *v, const double *xs, long length, long symbols,
                  long size) {
    double *states = calloc(13 * size + symbols, sizeof(double)), *gates = states + 8 * size;
    double *tanh_c = gates + 4 * size, *y = tanh_c + size, loss = 0.0;
    for (long t = 0; t + 1 < length; t++) { /* two sets of states, used in turn */
        const double *old = states + (t % 2) * 4 * size;
        double *new = states + (1 - t % 2) * 4 * size;
        cell_forward(W1, U1, b1, xs + t * symbols, old, old + size, symbols, size, gates, new + size, tanh_c, new);
        cell_forward(W2, U2, b2, new, old + 2 * size, old + 3 * size, size, size, gates, new + 3 * size, tanh_c,
                     new + 2 * size);
        loss += predict(V, v, new + 2 * size, xs + (t + 1) * symbols, size, symbols, y);
    }
    free(states);
    return loss / (length - 1);
}

/* Gates, cells and hidden values are kept for each step; the weights' cotangents wait for the end of the sweep. */
double lstm_gradient(const double *W1, const double *U1, const double *b1, const double *W2, const double *U2,
                     const double *b2, const double *V, const double *v, const double *xs, long length, long symbols,
                     long size, double *W1_bar, double *U1_bar, double *b1_bar, double *W2_bar, double *U2_bar,
                     double *b2_bar, double *V_bar, double *v_bar) {
    const long steps = length - 1, row = size * (steps + 1);
    double *kept = malloc((6 * row + 8 * size * steps + symbols * steps + 4 * size) * sizeof(double));
    double *h1 = kept, *c1 = h1 + row, *h2 = c1 + row, *c2 = h2 + row, *tanh1 = c2 + row, *tanh2 = tanh1 + row;
    double *gates1 = tanh2 + row, *gates2 = gates1 + 4 * size * steps, *y = gates2 + 4 * size * steps;
    double *h1_bar = y + symbols * steps, *c1_bar = h1_bar + size, *h2_bar = c1_bar + size, *c2_bar = h2_bar + size;
    double loss = 0.0;
    for (long j = 0; j < size; j++) h1[j] = c1[j] = h2[j] = c2[j] = h1_bar[j] = c1_bar[j] = h2_bar[j] = c2_bar[j] = 0.0;
    for (long t = 0; t < steps; t++) {
        const long now = t * size, next = now + size;
        cell_forward(W1, U1, b1, xs + t * symbols, h1 + now, c1 + now, symbols, size, gates1 + 4 * now, c1 + next,
                     tanh1 + now, h1 + next);
        cell_forward(W2, U2, b2, h1 + next, h2 + now, c2 + now, size, size, gates2 + 4 * now, c2 + next, tanh2 + now,
                     h2 + next);
        loss += predict(V, v, h2 + next, xs + (t + 1) * symbols, size, symbols, y + t * symbols);
    }
    const double scale = 1.0 / steps;
    for (long t = steps - 1; t >= 0; t--) {
        const long now = t * size;
        double *restrict y_bar = y + t * symbols;
        const double *restrict wanted = xs + (t + 1) * symbols;
        for (long j = 0; j < symbols; j++) y_bar[j] = scale * (y_bar[j] - wanted[j]);
        multiply_transposed(V, y_bar, size, symbols, 1, h2_bar);
        cell_backward(gates2 + 4 * now, c2 + now, tanh2 + now, h2_bar, size, c2_bar);
        multiply_transposed(U2, gates2 + 4 * now, size, 4 * size, 0, h2_bar);
        multiply_transposed(W2, gates2 + 4 * now, size, 4 * size, 1, h1_bar);
        cell_backward(gates1 + 4 * now, c1 + now, tanh1 + now, h1_bar, size, c1_bar);
        multiply_transposed(U1, gates1 + 4 * now, size, 4 * size, 0, h1_bar);
    }
    outer_products(xs, gates1, steps, symbols, 4 * size, W1_bar);
    outer_products(h1, gates1, steps, size, 4 * size, U1_bar);
    sum_rows(gates1, steps, 4 * size, b1_bar);
    outer_products(h1 + size, gates2, steps, size, 4 * size, W2_bar);
    outer_products(h2, gates2, steps, size, 4 * size, U2_bar);
    sum_rows(gates2, steps, 4 * size, b2_bar);
    outer_products(h2 + size, y, steps, size, symbols, V_bar);
    sum_rows(y, steps, symbols, v_bar);
    free(kept);
    return loss * scale;
}
