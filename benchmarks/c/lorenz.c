/* The Lorenz equations by Runge and Kutta's method: the state of each step is kept, its stages are computed again. */
#include <stdlib.h>

typedef struct { double x, y, z; } point;
typedef struct { double sigma, rho, beta; } constants;

static inline point field(point s, constants p) {
  return (point){p.sigma * (s.y - s.x), s.x * (p.rho - s.z) - s.y, s.x * s.y - p.beta * s.z};
}

static inline point along(point s, double h, point k) {
  return (point){s.x + h * k.x, s.y + h * k.y, s.z + h * k.z};
}

static inline point step(point s, constants p, double h) {
  point k1 = field(s, p), k2 = field(along(s, h / 2, k1), p), k3 = field(along(s, h / 2, k2), p);
  point k4 = field(along(s, h, k3), p);
  return (point){s.x + h / 6 * (k1.x + 2 * (k2.x + k3.x) + k4.x), s.y + h / 6 * (k1.y + 2 * (k2.y + k3.y) + k4.y),
                 s.z + h / 6 * (k1.z + 2 * (k2.z + k3.z) + k4.z)};
}

/* The cotangent of the state where the field was taken; those of the parameters are added up. */
static inline point field_adjoint(point s, constants p, point k_bar, constants *restrict p_bar) {
  p_bar->sigma += k_bar.x * (s.y - s.x);
  p_bar->rho += k_bar.y * s.x;
  p_bar->beta -= k_bar.z * s.z;
  return (point){-p.sigma * k_bar.x + (p.rho - s.z) * k_bar.y + s.y * k_bar.z,
                 p.sigma * k_bar.x - k_bar.y + s.x * k_bar.z, -s.x * k_bar.y - p.beta * k_bar.z};
}

double lorenz_value(double x, double y, double z, double sigma, double rho, double beta, double h, long steps) {
  point s = {x, y, z};
  constants p = {sigma, rho, beta};
  for (long t = 0; t < steps; t++) s = step(s, p, h);
  return s.x * s.x + s.y * s.y + s.z * s.z;
}

double lorenz_gradient(double x, double y, double z, double sigma, double rho, double beta, double h, long steps,
                       double *restrict bars) {
  point s = {x, y, z};
  constants p = {sigma, rho, beta}, p_bar = {0.0, 0.0, 0.0};
  point *restrict kept = malloc(steps * sizeof *kept);
  for (long t = 0; t < steps; t++) {
    kept[t] = s;
    s = step(s, p, h);
  }
  double total = s.x * s.x + s.y * s.y + s.z * s.z;
  point bar = {2 * s.x, 2 * s.y, 2 * s.z};
  for (long t = steps - 1; t >= 0; t--) {
    s = kept[t];
    point k1 = field(s, p), s2 = along(s, h / 2, k1);
    point k2 = field(s2, p), s3 = along(s, h / 2, k2);
    point k3 = field(s3, p), s4 = along(s, h, k3);
    point none = {0.0, 0.0, 0.0};
    point b4 = field_adjoint(s4, p, along(none, h / 6, bar), &p_bar);
    point b3 = field_adjoint(s3, p, along((point){h / 3 * bar.x, h / 3 * bar.y, h / 3 * bar.z}, h, b4), &p_bar);
    point b2 = field_adjoint(s2, p, along((point){h / 3 * bar.x, h / 3 * bar.y, h / 3 * bar.z}, h / 2, b3), &p_bar);
    point b1 = field_adjoint(s, p, along((point){h / 6 * bar.x, h / 6 * bar.y, h / 6 * bar.z}, h / 2, b2), &p_bar);
    bar.x += b1.x + b2.x + b3.x + b4.x;
    bar.y += b1.y + b2.y + b3.y + b4.y;
    bar.z += b1.z + b2.z + b3.z + b4.z;
  }
  free(kept);
  bars[0] = bar.x;
  bars[1] = bar.y;
  bars[2] = bar.z;
  bars[3] = p_bar.sigma;
  bars[4] = p_bar.rho;
  bars[5] = p_bar.beta;
  return total;
}
