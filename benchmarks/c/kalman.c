/* A Kalman filter with four states and two measurements. The state before each step is kept, the step is computed again.
   Dense products of fixed sizes, which the compiler unrolls; selecting rows by the observation matrix is an index. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double mean[4], covariance[4][4]; } state;

/* What one step computes on its way and its adjoint reads. */
typedef struct { double mean[4], covariance[4][4], residual[2], determinant, precision[2][2], gain[4][2]; } stages;

/* transition x: rows 0 and 1 get interval times rows 2 and 3 */
static inline double advance(const state *restrict before, const double *restrict measurement, double q, double r,
                             double interval, stages *restrict s, state *restrict after) {
  double half[4][4];
  for (int i = 0; i < 2; i++) {
    s->mean[i] = before->mean[i] + interval * before->mean[i + 2];
    s->mean[i + 2] = before->mean[i + 2];
    for (int j = 0; j < 4; j++) {
      half[i][j] = before->covariance[i][j] + interval * before->covariance[i + 2][j];
      half[i + 2][j] = before->covariance[i + 2][j];
    }
  }
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 2; j++) {
      s->covariance[i][j] = half[i][j] + interval * half[i][j + 2];
      s->covariance[i][j + 2] = half[i][j + 2];
    }
    s->covariance[i][i] += q;
  }
  for (int i = 0; i < 2; i++) s->residual[i] = measurement[i] - s->mean[i];
  double a = s->covariance[0][0] + r, b = s->covariance[0][1], c = s->covariance[1][0], d = s->covariance[1][1] + r;
  double determinant = a * d - b * c, inverse = 1.0 / determinant;
  s->determinant = determinant;
  s->precision[0][0] = d * inverse;
  s->precision[0][1] = -b * inverse;
  s->precision[1][0] = -c * inverse;
  s->precision[1][1] = a * inverse;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 2; j++)
      s->gain[i][j] = s->covariance[i][0] * s->precision[0][j] + s->covariance[i][1] * s->precision[1][j];
  for (int i = 0; i < 4; i++) {
    after->mean[i] = s->mean[i] + s->gain[i][0] * s->residual[0] + s->gain[i][1] * s->residual[1];
    for (int j = 0; j < 4; j++)
      after->covariance[i][j] =
          s->covariance[i][j] - s->gain[i][0] * s->covariance[0][j] - s->gain[i][1] * s->covariance[1][j];
  }
  double square = 0.0;
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) square += s->residual[i] * s->precision[i][j] * s->residual[j];
  return -0.5 * (square + log(determinant));
}

static void begin(state *restrict s, const double *restrict start) {
  memcpy(s->mean, start, sizeof s->mean);
  memset(s->covariance, 0, sizeof s->covariance);
  for (int i = 0; i < 4; i++) s->covariance[i][i] = 1.0;
}

double kalman_value(const double *restrict measurements, const double *restrict start, double q, double r,
                    double interval, long steps) {
  state s, next;
  stages between;
  double total = 0.0;
  begin(&s, start);
  for (long t = 0; t < steps; t++) {
    total += advance(&s, measurements + 2 * t, q, r, interval, &between, &next);
    s = next;
  }
  return total;
}

double kalman_gradient(const double *restrict measurements, const double *restrict start, double q, double r,
                       double interval, long steps, double *restrict measurements_bar, double *restrict start_bar,
                       double *restrict scalars_bar) {
  state *restrict kept = malloc((steps + 1) * sizeof *kept);
  stages s;
  double total = 0.0, q_bar = 0.0, r_bar = 0.0, interval_bar = 0.0;
  begin(kept, start);
  for (long t = 0; t < steps; t++) total += advance(kept + t, measurements + 2 * t, q, r, interval, &s, kept + t + 1);
  double mean_bar[4] = {0.0}, covariance_bar[4][4] = {{0.0}};
  for (long t = steps - 1; t >= 0; t--) {
    const state *restrict before = kept + t;
    state unused;
    advance(before, measurements + 2 * t, q, r, interval, &s, &unused);
    /* covariance -= gain covariance[0:2]; mean += gain residual */
    double gain_bar[4][2], residual_bar[2] = {0.0, 0.0}, P_bar[4][4];
    memcpy(P_bar, covariance_bar, sizeof P_bar);
    for (int i = 0; i < 4; i++)
      for (int k = 0; k < 2; k++) {
        double sum = mean_bar[i] * s.residual[k];
        for (int j = 0; j < 4; j++) sum -= covariance_bar[i][j] * s.covariance[k][j];
        gain_bar[i][k] = sum;
        residual_bar[k] += mean_bar[i] * s.gain[i][k];
      }
    for (int k = 0; k < 2; k++)
      for (int j = 0; j < 4; j++) {
        double sum = 0.0;
        for (int i = 0; i < 4; i++) sum += s.gain[i][k] * covariance_bar[i][j];
        P_bar[k][j] -= sum;
      }
    /* the likelihood's share, and gain = covariance[:, 0:2] precision */
    double precision_bar[2][2];
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++) {
        double sum = -0.5 * s.residual[i] * s.residual[j];
        for (int k = 0; k < 4; k++) sum += s.covariance[k][i] * gain_bar[k][j];
        precision_bar[i][j] = sum;
        residual_bar[i] -= 0.5 * (s.precision[i][j] + s.precision[j][i]) * s.residual[j];
      }
    for (int i = 0; i < 4; i++)
      for (int k = 0; k < 2; k++)
        P_bar[i][k] += gain_bar[i][0] * s.precision[k][0] + gain_bar[i][1] * s.precision[k][1];
    /* spread_bar = -precision' precision_bar precision' - precision' / 2 */
    double half[2][2];
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++)
        half[i][j] = s.precision[0][i] * precision_bar[0][j] + s.precision[1][i] * precision_bar[1][j];
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++) {
        double spread_bar =
            -half[i][0] * s.precision[j][0] - half[i][1] * s.precision[j][1] - 0.5 * s.precision[j][i];
        P_bar[i][j] += spread_bar;
        if (i == j) r_bar += spread_bar;
      }
    /* prediction */
    double m_bar[4];
    for (int i = 0; i < 4; i++) m_bar[i] = mean_bar[i];
    for (int k = 0; k < 2; k++) {
      measurements_bar[2 * t + k] = residual_bar[k];
      m_bar[k] -= residual_bar[k];
    }
    double left[4][4]; /* P_bar transition */
    for (int i = 0; i < 4; i++) {
      q_bar += P_bar[i][i];
      for (int j = 0; j < 2; j++) {
        left[i][j] = P_bar[i][j];
        left[i][j + 2] = P_bar[i][j + 2] + interval * P_bar[i][j];
      }
    }
    for (int i = 0; i < 2; i++) {
      interval_bar += m_bar[i] * before->mean[i + 2];
      for (int j = 0; j < 4; j++) interval_bar += left[i][j] * before->covariance[i + 2][j];
    }
    for (int i = 0; i < 4; i++)
      for (int j = 0; j < 2; j++) {
        double old = before->covariance[i][j + 2]; /* (transition covariance)[i, j + 2] */
        if (i < 2) old += interval * before->covariance[i + 2][j + 2];
        interval_bar += P_bar[i][j] * old;
      }
    for (int i = 0; i < 2; i++) {
      mean_bar[i] = m_bar[i];
      mean_bar[i + 2] = m_bar[i + 2] + interval * m_bar[i];
      for (int j = 0; j < 4; j++) {
        covariance_bar[i][j] = left[i][j];
        covariance_bar[i + 2][j] = left[i + 2][j] + interval * left[i][j];
      }
    }
  }
  memcpy(start_bar, mean_bar, sizeof mean_bar);
  scalars_bar[0] = q_bar;
  scalars_bar[1] = r_bar;
  scalars_bar[2] = interval_bar;
  free(kept);
  return total;
}
