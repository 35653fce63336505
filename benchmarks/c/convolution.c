/* Half the squared misfit of an image, convolved with a small kernel, to a target. */
#include <stdlib.h>
#include <string.h>

/* out[j] = sum over the columns of one kernel row, added to out; `taps` is known where it is inlined */
static inline __attribute__((always_inline)) void add_row(double *restrict out, const double *restrict row,
                                                          const double *restrict kernel, long taps, long columns) {
    for (long j = 0; j < columns; j++) {
        double sum = out[j];
        for (long b = 0; b < taps; b++) sum += kernel[b] * row[j + b];
        out[j] = sum;
    }
}

static void convolved_row(double *restrict out, const double *image, const double *kernel, long taps, long columns,
                          long stride) {
    memset(out, 0, columns * sizeof(double));
    for (long a = 0; a < taps; a++) {
        const double *row = image + a * stride, *weights = kernel + a * taps;
        if (taps == 5) add_row(out, row, weights, 5, columns);
        else if (taps == 3) add_row(out, row, weights, 3, columns);
        else add_row(out, row, weights, taps, columns);
    }
}

double convolution_value(const double *restrict image, const double *restrict kernel, const double *restrict target,
                         long rows, long columns, long taps) {
    const long stride = columns + taps - 1;
    double *restrict out = malloc(columns * sizeof(double)), total = 0.0;
    for (long i = 0; i < rows; i++) {
        const double *restrict wanted = target + i * columns;
        convolved_row(out, image + i * stride, kernel, taps, columns, stride);
        for (long j = 0; j < columns; j++) total += (out[j] - wanted[j]) * (out[j] - wanted[j]);
    }
    free(out);
    return 0.5 * total;
}

/* kernel_bar[b] += sum of r[j] row[j + b]; row_bar[j + b] += kernel[b] r[j], written as a gather from r padded by
 * taps - 1 zeros on both sides */
static inline __attribute__((always_inline)) void pull_row(const double *restrict r, const double *restrict row,
                                                           const double *restrict kernel, double *restrict kernel_bar,
                                                           double *restrict row_bar, long taps, long columns) {
    for (long j = 0; j < columns + taps - 1; j++) {
        double sum = row_bar[j];
        for (long b = 0; b < taps; b++) sum += kernel[b] * r[j - b];
        row_bar[j] = sum;
    }
    if (taps == 5) {
        double k0 = 0.0, k1 = 0.0, k2 = 0.0, k3 = 0.0, k4 = 0.0;
        for (long j = 0; j < columns; j++) {
            k0 += r[j] * row[j];
            k1 += r[j] * row[j + 1];
            k2 += r[j] * row[j + 2];
            k3 += r[j] * row[j + 3];
            k4 += r[j] * row[j + 4];
        }
        kernel_bar[0] += k0, kernel_bar[1] += k1, kernel_bar[2] += k2, kernel_bar[3] += k3, kernel_bar[4] += k4;
    } else {
        for (long b = 0; b < taps; b++) {
            double sum = 0.0;
            for (long j = 0; j < columns; j++) sum += r[j] * row[j + b];
            kernel_bar[b] += sum;
        }
    }
}

/* One sweep over the rows: the residuals of a row are used at once, and never leave the cache. */
double convolution_gradient(const double *restrict image, const double *restrict kernel, const double *restrict target,
                            long rows, long columns, long taps, double *restrict image_bar,
                            double *restrict kernel_bar) {
    const long stride = columns + taps - 1;
    double *padded = calloc(columns + 2 * (taps - 1), sizeof(double)), *restrict r = padded + taps - 1, total = 0.0;
    memset(kernel_bar, 0, taps * taps * sizeof(double));
    memset(image_bar, 0, (taps - 1) * stride * sizeof(double));
    for (long i = 0; i < rows; i++) {
        const double *restrict wanted = target + i * columns;
        const double *top = image + i * stride;
        double *top_bar = image_bar + i * stride;
        convolved_row(r, top, kernel, taps, columns, stride);
        for (long j = 0; j < columns; j++) {
            r[j] -= wanted[j];
            total += r[j] * r[j];
        }
        memset(top_bar + (taps - 1) * stride, 0, stride * sizeof(double));
        for (long a = 0; a < taps; a++) {
            const double *row = top + a * stride, *weights = kernel + a * taps;
            double *row_bar = top_bar + a * stride, *weights_bar = kernel_bar + a * taps;
            if (taps == 5) pull_row(r, row, weights, weights_bar, row_bar, 5, columns);
            else pull_row(r, row, weights, weights_bar, row_bar, taps, columns);
        }
    }
    free(padded);
    return 0.5 * total;
}
