/* Rosenbrock's function: one pass for the value, one for the gradient, nothing kept. */

double rosenbrock_value(const double *restrict x, long n) {
  double total = 0.0;
  for (long i = 0; i < n - 1; i++) {
    double t = x[i + 1] - x[i] * x[i], s = 1.0 - x[i];
    total += 100.0 * t * t + s * s;
  }
  return total;
}

/* Each element has a share as x[i + 1] and one as x[i]; gathered, so that the loop is free of dependences. */
double rosenbrock_gradient(const double *restrict x, long n, double *restrict x_bar) {
  if (n < 2) {
    for (long i = 0; i < n; i++) x_bar[i] = 0.0;
    return 0.0;
  }
  double first = x[1] - x[0] * x[0];
  double total = 100.0 * first * first + (1.0 - x[0]) * (1.0 - x[0]);
  x_bar[0] = -400.0 * x[0] * first - 2.0 * (1.0 - x[0]);
  for (long i = 1; i < n - 1; i++) {
    double before = x[i] - x[i - 1] * x[i - 1], after = x[i + 1] - x[i] * x[i], s = 1.0 - x[i];
    total += 100.0 * after * after + s * s;
    x_bar[i] = 200.0 * before - 400.0 * x[i] * after - 2.0 * s;
  }
  x_bar[n - 1] = 200.0 * (x[n - 1] - x[n - 2] * x[n - 2]);
  return total;
}
