"""The OpenGL programs: ``shade.shade`` again, in GLSL 3.30, with the constants of ``look`` written in."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .look import BRIGHTEST, GROUND, LIGHTS, PATTERN, SHOULDER, SKY

HEAD_VERTEX = """
#version 330
LOOK
uniform mat4 camera;
uniform vec3 eye;
uniform float raised;  // metres towards the viewer that depth is compared at
in vec3 place; in vec3 normal; in float light; in vec2 uv; in float fade; in float outside;
out vec3 at; out vec3 n; out vec2 t; out vec3 dim;
#ifdef RELIEF
in vec4 tangent;  // and the sign of the bitangent
out vec3 tu; flat out float turned;
#endif
void main() {
    gl_Position = camera * vec4(place, 1);
    vec4 nearer = camera * vec4(place + raised * normalize(eye - place), 1);
    gl_Position.z = nearer.z / nearer.w * gl_Position.w;
    at = place; n = normal; t = uv; dim = vec3(light, fade, outside);
#ifdef RELIEF
    tu = tangent.xyz; turned = tangent.w;
#endif
}
"""

HEAD_FRAGMENT = """
#version 330
LOOK
uniform sampler2D albedo;
uniform vec3 eye;
uniform vec3 up;
uniform mat3 lamps;      // columns: directions towards the lights, world space
uniform vec3 softness;
uniform float base; uniform float grazing; uniform float sharpness;
uniform bool blend;
in vec3 at; in vec3 n; in vec2 t; in vec3 dim;
#ifdef RELIEF
uniform sampler2D slopes;
uniform bool bumpy;
in vec3 tu; flat in float turned;
#endif
out vec4 picture;

vec3 encode(vec3 scene) {
    vec3 bent = SHOULDER + (1 - SHOULDER) * (1 - exp(-(scene - SHOULDER) / (1 - SHOULDER)));
    vec3 x = mix(scene, bent, greaterThan(scene, vec3(SHOULDER)));
    return mix(1.055 * pow(max(x, vec3(1e-8)), vec3(1 / 2.4)) - 0.055, 12.92 * x, lessThan(x, vec3(0.0031308)));
}

vec4 fine() {  // hairs are thinner than pixels: the texture at the four points of coverage
    vec2 right = dFdx(t), down = dFdy(t);
    vec4 sum = vec4(0);
    for (int i = 0; i < 4; ++i) sum += texture(albedo, t + right * POINT[i].x + down * POINT[i].y);
    return sum / 4;
}

void main() {
    vec3 towards = normalize(eye - at), unit = n;
#ifdef RELIEF
    if (bumpy) {
        vec2 slope = texture(slopes, t).rg;
        unit += slope.x * tu + slope.y * turned * cross(n, tu);
    }
#endif
    unit = normalize(unit);
    float facing = dot(unit, towards);
    if (blend && facing < 0) { unit -= 2 * facing * towards; facing = -facing; }
    vec3 mirror = 2 * facing * unit - towards;
    facing = clamp(facing, 0, 1);  // pow of a negative number is undefined
    float fresnel = base + grazing * pow(1 - facing, 5);
    vec3 diffuse = mix(GROUND, SKY, 0.5 + 0.5 * dot(unit, up));
    vec3 gloss = mix(GROUND, SKY, 0.5 + 0.5 * dot(mirror, up));
    for (int i = 0; i < 3; ++i) {
        float cosine = dot(unit, lamps[i]);
        vec3 lamp = BEHIND[i] ? LAMP[i] * dim.z : LAMP[i];
        vec3 soft = max(cosine + softness, 0) / (1 + softness);
        diffuse += lamp * soft * soft * (2 - soft);
        gloss += lamp * (sharpness / 2 * exp(sharpness * (dot(mirror, lamps[i]) - 1)) * clamp(4 * cosine, 0, 1));
    }
    vec4 texel = blend ? fine() : texture(albedo, t);
    float opacity = blend ? texel.a * dim.y : dim.y;
    vec3 scene = (texel.rgb / max(texel.a, 1e-4) * diffuse + fresnel * gloss) * dim.x;
    picture = vec4(encode(min(scene, BRIGHTEST)) * opacity, opacity);
}
"""

BEHIND_VERTEX = """
#version 330
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4 - 1, 0, 1); }
"""

BEHIND_FRAGMENT = """
#version 330
uniform sampler2D behind;
out vec4 picture;
void main() { picture = vec4(texelFetch(behind, ivec2(gl_FragCoord.xy), 0).rgb, 1); }
"""


def head_programs(relief: bool) -> tuple[str, str]:
    """HEAD_VERTEX and HEAD_FRAGMENT with the look's constants, and with ``relief``: a normal map."""
    lamps = ", ".join(_vector(lamp.colour) for lamp in LIGHTS)
    behind = ", ".join(str(lamp.direction[2] < 0).lower() for lamp in LIGHTS)
    points = ", ".join(f"vec2({x - 0.5}, {y - 0.5})" for x, y in PATTERN)
    constants = [
        f"const vec3 SKY = {_vector(SKY)}, GROUND = {_vector(GROUND)};",
        f"const vec3 LAMP[{len(LIGHTS)}] = vec3[]({lamps});",
        f"const bool BEHIND[{len(LIGHTS)}] = bool[]({behind});",
        f"const vec2 POINT[{len(PATTERN)}] = vec2[]({points});",
        f"const float SHOULDER = {SHOULDER}, BRIGHTEST = {BRIGHTEST};",
        *(["#define RELIEF"] if relief else []),
    ]
    look = "\n".join(constants)
    return HEAD_VERTEX.replace("LOOK", look), HEAD_FRAGMENT.replace("LOOK", look)


def lamp_matrix(axes: np.ndarray) -> np.ndarray:
    """(3, 3) float32: world directions towards the lights, one a row, as OpenGL reads columns."""
    return np.stack([lamp.unit @ axes for lamp in LIGHTS]).astype(np.float32)


def _vector(values: Iterable[float]) -> str:
    return f"vec3({', '.join(str(float(v)) for v in values)})"
