/* a[i] = sin(a[i - 1]) * x[i] and the sum of a. */
#include <math.h>
#include <stdlib.h>

double recurrence_value(const double *restrict x, long n) {
  double a = x[0], total = a;
  for (long i = 1; i < n; i++) {
    a = sin(a) * x[i];
    total += a;
  }
  return total;
}

/* The sine waits in x_bar, da[i]/da[i - 1] in one more array: sine and cosine are computed together, once. */
double recurrence_gradient(const double *restrict x, long n, double *restrict x_bar) {
  double *restrict slope = malloc(n * sizeof *slope);
  double a = x[0], total = a;
  for (long i = 1; i < n; i++) {
    double s = sin(a), c = cos(a);
    x_bar[i] = s;
    slope[i] = c * x[i];
    a = s * x[i];
    total += a;
  }
  double a_bar = 1.0;
  for (long i = n - 1; i > 0; i--) {
    x_bar[i] *= a_bar;
    a_bar = 1.0 + a_bar * slope[i];
  }
  x_bar[0] = a_bar;
  free(slope);
  return total;
}
