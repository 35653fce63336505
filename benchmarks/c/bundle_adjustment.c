/* Bundle adjustment: weighted reprojection errors, and the 2 x 15 block of their derivatives for each observation.
 *
 * A camera: rotation vector 3, centre 3, focal length, principal point 2, radial distortion 2. */
#include <math.h>

enum { CAMERA = 11, POINT = 3, INPUTS = 15 };

static const double SMALL = 1e-20;

void bundle_adjustment_value(const double *restrict cameras, const double *restrict points,
                             const double *restrict weights, const long *restrict camera_of,
                             const long *restrict point_of, const double *restrict features, long observations,
                             double *restrict errors) {
    for (long o = 0; o < observations; o++) {
        const double *restrict c = cameras + CAMERA * camera_of[o], *restrict p = points + POINT * point_of[o];
        const double d0 = p[0] - c[3], d1 = p[1] - c[4], d2 = p[2] - c[5];
        const double angle2 = c[0] * c[0] + c[1] * c[1] + c[2] * c[2];
        double x, y, z;
        if (angle2 > SMALL) {
            const double angle = sqrt(angle2), over = 1.0 / angle, cosine = cos(angle), sine = sin(angle);
            const double a0 = c[0] * over, a1 = c[1] * over, a2 = c[2] * over;
            const double along = (a0 * d0 + a1 * d1 + a2 * d2) * (1.0 - cosine);
            x = d0 * cosine + (a1 * d2 - a2 * d1) * sine + a0 * along;
            y = d1 * cosine + (a2 * d0 - a0 * d2) * sine + a1 * along;
            z = d2 * cosine + (a0 * d1 - a1 * d0) * sine + a2 * along;
        } else {
            x = d0 + c[1] * d2 - c[2] * d1;
            y = d1 + c[2] * d0 - c[0] * d2;
            z = d2 + c[0] * d1 - c[1] * d0;
        }
        const double over_z = 1.0 / z, u = x * over_z, v = y * over_z, r2 = u * u + v * v;
        const double scale = c[6] * (1.0 + r2 * (c[9] + c[10] * r2));
        errors[2 * o] = weights[o] * (c[7] + scale * u - features[2 * o]);
        errors[2 * o + 1] = weights[o] * (c[8] + scale * v - features[2 * o + 1]);
    }
}

/* The rotated vector is d cos + (a x d) sin + a (a . d) (1 - cos), a = r / |r|; pulls the cotangent t of it back to d
 * and r. What both rows need is passed in. */
static inline void pull_rotation(const double t[3], const double d[3], const double a[3], double angle_inverse,
                                 double cosine, double sine, double dot, double *restrict d_bar,
                                 double *restrict r_bar) {
    const double rest = 1.0 - cosine, t_dot_a = t[0] * a[0] + t[1] * a[1] + t[2] * a[2];
    const double d_x_t[3] = {d[1] * t[2] - d[2] * t[1], d[2] * t[0] - d[0] * t[2], d[0] * t[1] - d[1] * t[0]};
    const double t_x_a[3] = {t[1] * a[2] - t[2] * a[1], t[2] * a[0] - t[0] * a[2], t[0] * a[1] - t[1] * a[0]};
    const double t_dot_d = t[0] * d[0] + t[1] * d[1] + t[2] * d[2];
    const double triple = a[0] * d_x_t[0] + a[1] * d_x_t[1] + a[2] * d_x_t[2];
    const double angle_bar = triple * cosine + (dot * t_dot_a - t_dot_d) * sine;
    double a_bar[3];
    for (int j = 0; j < 3; j++) {
        d_bar[j] = t[j] * cosine + t_x_a[j] * sine + a[j] * t_dot_a * rest;
        a_bar[j] = d_x_t[j] * sine + rest * (t_dot_a * d[j] + dot * t[j]);
    }
    const double along = a_bar[0] * a[0] + a_bar[1] * a[1] + a_bar[2] * a[2];
    for (int j = 0; j < 3; j++) r_bar[j] = a[j] * angle_bar + (a_bar[j] - a[j] * along) * angle_inverse;
}

static inline void pull_small_rotation(const double t[3], const double d[3], const double *restrict r,
                                       double *restrict d_bar, double *restrict r_bar) {
    for (int j = 0; j < 3; j++) {
        const int k = (j + 1) % 3, l = (j + 2) % 3;
        d_bar[j] = t[j] + t[k] * r[l] - t[l] * r[k];
        r_bar[j] = d[k] * t[l] - d[l] * t[k];
    }
}

/* Two rows, one for each error: both are pulled back through the same kept values. */
void bundle_adjustment_gradient(const double *restrict cameras, const double *restrict points,
                                const double *restrict weights, const long *restrict camera_of,
                                const long *restrict point_of, const double *restrict features, long observations,
                                double *restrict blocks) {
    for (long o = 0; o < observations; o++) {
        const double *restrict c = cameras + CAMERA * camera_of[o], *restrict p = points + POINT * point_of[o];
        double *restrict block = blocks + 2 * INPUTS * o;
        const double d[3] = {p[0] - c[3], p[1] - c[4], p[2] - c[5]};
        const double angle2 = c[0] * c[0] + c[1] * c[1] + c[2] * c[2];
        const int rotated = angle2 > SMALL;
        double a[3] = {0.0, 0.0, 0.0}, angle_inverse = 0.0, cosine = 1.0, sine = 0.0, dot = 0.0, x, y, z;
        if (rotated) {
            const double angle = sqrt(angle2);
            angle_inverse = 1.0 / angle, cosine = cos(angle), sine = sin(angle);
            for (int j = 0; j < 3; j++) a[j] = c[j] * angle_inverse;
            dot = a[0] * d[0] + a[1] * d[1] + a[2] * d[2];
            const double along = dot * (1.0 - cosine);
            x = d[0] * cosine + (a[1] * d[2] - a[2] * d[1]) * sine + a[0] * along;
            y = d[1] * cosine + (a[2] * d[0] - a[0] * d[2]) * sine + a[1] * along;
            z = d[2] * cosine + (a[0] * d[1] - a[1] * d[0]) * sine + a[2] * along;
        } else {
            x = d[0] + c[1] * d[2] - c[2] * d[1];
            y = d[1] + c[2] * d[0] - c[0] * d[2];
            z = d[2] + c[0] * d[1] - c[1] * d[0];
        }
        const double over_z = 1.0 / z, u = x * over_z, v = y * over_z, r2 = u * u + v * v;
        const double w = weights[o], f = c[6], distortion = 1.0 + r2 * (c[9] + c[10] * r2);
        const double slope = 2.0 * f * (c[9] + 2.0 * c[10] * r2); /* of f times the distortion, by r2, times 2 */
        for (int row = 0; row < 2; row++) {
            double *restrict out = block + INPUTS * row;
            const double own = row ? v : u;
            const double u_bar = w * (slope * u * own + (row ? 0.0 : f * distortion));
            const double v_bar = w * (slope * v * own + (row ? f * distortion : 0.0));
            const double t[3] = {u_bar * over_z, v_bar * over_z, -(u_bar * u + v_bar * v) * over_z};
            double d_bar[3];
            if (rotated) pull_rotation(t, d, a, angle_inverse, cosine, sine, dot, d_bar, out);
            else pull_small_rotation(t, d, c, d_bar, out);
            for (int j = 0; j < 3; j++) {
                out[3 + j] = -d_bar[j];
                out[11 + j] = d_bar[j];
            }
            out[6] = w * distortion * own;
            out[7] = row ? 0.0 : w;
            out[8] = row ? w : 0.0;
            out[9] = w * f * r2 * own;
            out[10] = w * f * r2 * r2 * own;
            out[14] = c[7 + row] + f * distortion * own - features[2 * o + row];
        }
    }
}
