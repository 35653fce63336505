/* Half the squared misfit of an image, convolved with a 5 x 5 kernel, to a target. */
#include <stdlib.h>
#include <string.h>

enum { TAPS = 5 };

/* What the kernel makes of TAPS rows of the image, less the target; returns the sum of the squares. */
static double residuals(const double *restrict image, const double *restrict kernel, const double *restrict target,
                        long columns, long stride, double *restrict residual) {
    double total = 0.0;
    for (long j = 0; j < columns; j++) {
        double sum = -target[j];
        for (long a = 0; a < TAPS; a++)
            for (long b = 0; b < TAPS; b++) sum += kernel[a * TAPS + b] * image[a * stride + j + b];
        residual[j] = sum;
        total += sum * sum;
    }
    return total;
}

double convolution_value(const double *image, const double *kernel, const double *target, long rows, long columns) {
    const long stride = columns + TAPS - 1;
    double *residual = malloc(columns * sizeof(double)), total = 0.0;
    for (long i = 0; i < rows; i++)
        total += residuals(image + i * stride, kernel, target + i * columns, columns, stride, residual);
    free(residual);
    return 0.5 * total;
}

/* bar[b] += the sum over j of residual[j] row[j + b] */
static void pull_taps(const double *restrict residual, const double *restrict row, long columns, double *restrict bar) {
    double k0 = 0.0, k1 = 0.0, k2 = 0.0, k3 = 0.0, k4 = 0.0;
    for (long j = 0; j < columns; j++) {
        k0 += residual[j] * row[j];
        k1 += residual[j] * row[j + 1];
        k2 += residual[j] * row[j + 2];
        k3 += residual[j] * row[j + 3];
        k4 += residual[j] * row[j + 4];
    }
    bar[0] += k0, bar[1] += k1, bar[2] += k2, bar[3] += k3, bar[4] += k4;
}

/* A row of the image's cotangent: the last TAPS rows of residuals, r[0] the newest, each between TAPS - 1 zeros. */
static void pull_image(const double *const r[TAPS], const double *restrict kernel, long stride, double *restrict bar) {
    const double *restrict r0 = r[0], *restrict r1 = r[1], *restrict r2 = r[2], *restrict r3 = r[3], *restrict r4 = r[4];
    for (long j = 0; j < stride; j++) {
        double sum = 0.0;
        for (long b = 0; b < TAPS; b++)
            sum += kernel[b] * r0[j - b] + kernel[TAPS + b] * r1[j - b] + kernel[2 * TAPS + b] * r2[j - b]
                   + kernel[3 * TAPS + b] * r3[j - b] + kernel[4 * TAPS + b] * r4[j - b];
        bar[j] = sum;
    }
}

/* One sweep over the rows: only TAPS rows of residuals are kept, and every element of the result is written once. */
double convolution_gradient(const double *image, const double *kernel, const double *target, long rows, long columns,
                            double *restrict image_bar, double *restrict kernel_bar) {
    const long stride = columns + TAPS - 1, width = columns + 2 * (TAPS - 1);
    double *ring = calloc(TAPS * width, sizeof(double)), total = 0.0;
    memset(kernel_bar, 0, TAPS * TAPS * sizeof(double));
    for (long i = 0; i < rows + TAPS - 1; i++) {
        double *own = ring + (i % TAPS) * width + TAPS - 1;
        if (i < rows) {
            total += residuals(image + i * stride, kernel, target + i * columns, columns, stride, own);
            for (long a = 0; a < TAPS; a++)
                pull_taps(own, image + (i + a) * stride, columns, kernel_bar + a * TAPS);
        } else {
            memset(own, 0, columns * sizeof(double));
        }
        const double *last[TAPS];
        for (long a = 0; a < TAPS; a++) last[a] = ring + ((i + TAPS - a) % TAPS) * width + TAPS - 1;
        pull_image(last, kernel, stride, image_bar + i * stride);
    }
    free(ring);
    return 0.5 * total;
}
