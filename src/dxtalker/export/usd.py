"""A head and its motion as USD: one welded mesh with UsdSkel blend shapes and joints, preview materials, sound.

.usdz holds everything; .usd, .usda and .usdc have pictures and sound in a folder beside them, ``NAME_assets``.
UsdSkel's skinning with these weights computes exactly what ``Head.shape`` and ``Head.pose`` do. Needs usd-core,
the extra ``dxtalker[usd]``; this module alone imports it.
"""

# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# (usd-core is an extra and carries no types)
from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadInput, NotReady
from ..face.head import Head, Part
from ..files import atomic_path
from ..records import Motion, Waveform
from .glb import MESH, MOUTH_SHADE, OPEN_HEAD, OPEN_LICENCE
from .pictures import Picture, make_pictures, picture_of
from .rotations import quaternion_of, quaternions
from .skeleton import Skeleton, binding, make_skeleton
from .sound import wav_bytes
from .targets import Targets, make_targets

if TYPE_CHECKING:
    from pxr import Usd

SOUND = "speech.wav"
ROOT = "/Head"
_SUFFIX = {"jpeg": "jpg", "png": "png"}


def write_usd(path: Path, motion: Motion, head: Head, wave: Waveform | None = None) -> None:
    """Write ``head`` with ``motion``; time code i is frame i, ``timeCodesPerSecond`` the motion's rate.

    Raises NotReady without usd-core, BadInput when the folder cannot be written.
    """
    require_usd()
    path = Path(path)
    pictures = make_pictures(head)
    assets = {f"{p.name}.{_SUFFIX[p.kind]}": p.data for p in pictures.values()}
    if wave is not None and len(wave.samples):
        assets[SOUND] = wav_bytes(wave)
    scene = _Scene(head, motion, pictures, make_skeleton(head), make_targets(head), wave)
    if path.suffix.lower() == ".usdz":
        _write_package(path, scene, assets)
        return
    folder = path.parent / f"{path.stem}_assets"
    if folder.exists() and not (folder.is_dir() and {f.name for f in folder.iterdir()} <= _ASSETS):
        raise BadInput(f"{folder} exists and holds other things than our pictures; choose another name")
    with atomic_path(path) as temporary:
        _save(scene, temporary, f"./{folder.name}/")
        with atomic_path(folder) as beside:
            beside.mkdir()
            for name, data in assets.items():
                (beside / name).write_bytes(data)


_ASSETS = {"opaque.jpg", "normal.jpg", "translucent.png", SOUND}


def require_usd() -> None:
    """Raises NotReady without usd-core."""
    try:
        import pxr.Usd  # noqa: F401
    except ImportError as error:
        raise NotReady('USD needs usd-core; install it with: pip install "dxtalker[usd]"') from error


@dataclass(frozen=True)
class _Scene:
    """What is written."""

    head: Head
    motion: Motion
    pictures: dict[str, Picture]
    skeleton: Skeleton
    targets: Targets
    wave: Waveform | None


def _write_package(path: Path, scene: _Scene, assets: dict[str, bytes]) -> None:
    from pxr import Sdf

    with atomic_path(path) as temporary, tempfile.TemporaryDirectory(prefix="dxtalker-") as place:
        layer = Path(place) / "head.usdc"
        _save(scene, layer, "./")
        with Sdf.ZipFileWriter.CreateNew(str(temporary)) as package:
            package.AddFile(str(layer), layer.name)  # the first file is the one that is opened
            for name, data in assets.items():
                (Path(place) / name).write_bytes(data)
                package.AddFile(str(Path(place) / name), name)


def _save(scene: _Scene, path: Path, assets: str) -> None:
    """The stage under ``path``; ``assets`` is the folder that its asset paths begin with."""
    from pxr import Usd, UsdGeom, UsdSkel

    stage = Usd.Stage.CreateNew(str(path))
    if stage is None:
        raise BadInput(f"cannot write {path}; choose a folder you may write to")
    fps = float(scene.motion.fps)
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1)
    stage.SetTimeCodesPerSecond(fps)
    stage.SetFramesPerSecond(fps)
    stage.SetStartTimeCode(0)
    stage.SetEndTimeCode(len(scene.motion) - 1)
    stage.GetRootLayer().documentation = "Written by dxtalker"
    root = UsdSkel.Root.Define(stage, ROOT)
    stage.SetDefaultPrim(root.GetPrim())
    data: dict[str, Any] = {"start": scene.motion.start, **scene.motion.info}
    if scene.head.name == OPEN_HEAD:
        data["licence"] = OPEN_LICENCE
    root.GetPrim().SetCustomData(dict(zip(_identifiers(data), data.values(), strict=True)))
    paths = _joint_paths(scene.skeleton)
    _add_skeleton(stage, scene, paths)
    _add_mesh(stage, scene, paths)
    _add_materials(stage, scene, assets)
    _add_animation(stage, scene, paths)
    if scene.wave is not None and len(scene.wave.samples):
        _add_sound(stage, scene, assets + SOUND)
    stage.GetRootLayer().Save()


def _joint_paths(skeleton: Skeleton) -> list[str]:
    """USD names a joint by the way to it: Hips/Spine/…"""
    paths: list[str] = []
    for name, parent in zip(skeleton.names, skeleton.parents, strict=True):
        paths.append(f"{paths[parent]}/{name}" if parent >= 0 else name)
    return paths


def _add_skeleton(stage: Usd.Stage, scene: _Scene, paths: list[str]) -> None:
    from pxr import Gf, UsdSkel

    skeleton = UsdSkel.Skeleton.Define(stage, f"{ROOT}/Skeleton")
    skeleton.CreateJointsAttr(paths)
    for matrices, create in (
        (scene.skeleton.world, skeleton.CreateBindTransformsAttr),
        (scene.skeleton.local, skeleton.CreateRestTransformsAttr),
    ):
        create([Gf.Matrix4d(m.T.tolist()) for m in matrices])  # USD multiplies row vectors
    binding_api = UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
    binding_api.CreateAnimationSourceRel().SetTargets([f"{ROOT}/Skeleton/Animation"])


def _add_mesh(stage: Usd.Stage, scene: _Scene, paths: list[str]) -> None:
    from pxr import Gf, Sdf, UsdGeom, UsdSkel, Vt

    head = scene.head
    _, first, point = np.unique(head.weld, return_index=True, return_inverse=True)
    corners = np.concatenate([head.triangles[p.first : p.first + p.count] for p in head.parts])
    points, normals = head.vertices[first], head.smooth_normals(head.vertices)[first]
    mesh = UsdGeom.Mesh.Define(stage, f"{ROOT}/{MESH}")
    mesh.CreatePointsAttr(_vectors(points))
    mesh.CreateNormalsAttr(_vectors(normals))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateFaceVertexCountsAttr(Vt.IntArray.FromNumpy(np.full(len(corners), 3, np.int32)))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(point[corners].ravel().astype(np.int32)))
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateExtentAttr(_vectors(np.stack([points.min(0), points.max(0)])))
    uv = np.concatenate([scene.pictures[picture_of(p)].uv(head.uv[_corners(head, p)]) for p in head.parts])
    uv[:, 1] = 1 - uv[:, 1]  # a USD texture begins at the bottom
    values, index = np.unique(uv, axis=0, return_inverse=True)
    api = UsdGeom.PrimvarsAPI(mesh)
    st = api.CreatePrimvar("st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.faceVarying)
    st.Set(Vt.Vec2fArray.FromNumpy(values.astype(np.float32)))
    st.SetIndices(Vt.IntArray.FromNumpy(index.ravel().astype(np.int32)))
    bound = UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    bound.CreateSkeletonRel().SetTargets([f"{ROOT}/Skeleton"])
    bound.CreateGeomBindTransformAttr(Gf.Matrix4d(1))
    joints, weights = (array[first, :3] for array in binding(head, scene.skeleton))
    bound.CreateJointIndicesPrimvar(False, 3).Set(Vt.IntArray.FromNumpy(joints.ravel().astype(np.int32)))
    bound.CreateJointWeightsPrimvar(False, 3).Set(Vt.FloatArray.FromNumpy(weights.ravel().astype(np.float32)))
    bound.CreateBlendShapesAttr(list(scene.targets.names))
    places = [f"{ROOT}/{MESH}/{name}" for name in _identifiers(scene.targets.names)]
    bound.CreateBlendShapeTargetsRel().SetTargets(places)
    for i, place in enumerate(places):
        delta, turn = scene.targets.deltas[i, first], scene.targets.normals[i, first]
        moved = np.flatnonzero(delta.any(axis=1) | turn.any(axis=1))
        moved = moved if len(moved) else np.zeros(1, int)  # Blender drops a shape without offsets
        shape = UsdSkel.BlendShape.Define(stage, place)
        shape.CreateOffsetsAttr(_vectors(delta[moved]))
        shape.CreateNormalOffsetsAttr(_vectors(turn[moved]))
        shape.CreatePointIndicesAttr(Vt.IntArray.FromNumpy(moved.astype(np.int32)))


def _corners(head: Head, part: Part) -> np.ndarray:
    return head.triangles[part.first : part.first + part.count].ravel()


def _add_materials(stage: Usd.Stage, scene: _Scene, assets: str) -> None:
    from pxr import UsdGeom, UsdShade, Vt

    mesh = UsdGeom.Mesh(stage.GetPrimAtPath(f"{ROOT}/{MESH}"))
    UsdGeom.Scope.Define(stage, f"{ROOT}/Materials")
    at = 0
    names = _identifiers([part.name for part in scene.head.parts])
    for part, name in zip(scene.head.parts, names, strict=True):
        faces = Vt.IntArray.FromNumpy(np.arange(at, at + part.count, dtype=np.int32))
        subset = UsdGeom.Subset.CreateGeomSubset(
            mesh, name, UsdGeom.Tokens.face, faces, UsdShade.Tokens.materialBind
        )
        at += part.count
        material = _material(stage, f"{ROOT}/Materials/{name}", scene.pictures, part, assets)
        UsdShade.MaterialBindingAPI.Apply(subset.GetPrim()).Bind(material)
    UsdGeom.Subset.SetFamilyType(mesh, UsdShade.Tokens.materialBind, UsdGeom.Tokens.partition)
    UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim())


def _material(stage: Usd.Stage, place: str, pictures: dict[str, Picture], part: Part, assets: str) -> Any:
    from pxr import Gf, Sdf, UsdShade

    material = UsdShade.Material.Define(stage, place)
    reader = UsdShade.Shader.Define(stage, f"{place}/st")
    reader.CreateIdAttr("UsdPrimvarReader_float2")
    reader.CreateInput("varname", Sdf.ValueTypeNames.String).Set("st")
    st = reader.CreateOutput("result", Sdf.ValueTypeNames.Float2)
    shader = UsdShade.Shader.Define(stage, f"{place}/surface")
    shader.CreateIdAttr("UsdPreviewSurface")
    material.CreateSurfaceOutput().ConnectToSource(shader.CreateOutput("surface", Sdf.ValueTypeNames.Token))

    def texture(name: str, picture: Picture, space: str) -> UsdShade.Shader:
        node = UsdShade.Shader.Define(stage, f"{place}/{name}")
        node.CreateIdAttr("UsdUVTexture")
        file = f"{assets}{picture.name}.{_SUFFIX[picture.kind]}"
        node.CreateInput("file", Sdf.ValueTypeNames.Asset).Set(Sdf.AssetPath(file))
        node.CreateInput("sourceColorSpace", Sdf.ValueTypeNames.Token).Set(space)
        for wrap in ("wrapS", "wrapT"):
            node.CreateInput(wrap, Sdf.ValueTypeNames.Token).Set("repeat")
        node.CreateInput("st", Sdf.ValueTypeNames.Float2).ConnectToSource(st)
        return node

    colour = texture("colour", pictures[picture_of(part)], "sRGB")
    if part.name in ("teeth", "tongue"):
        colour.CreateInput("scale", Sdf.ValueTypeNames.Float4).Set(Gf.Vec4f(*[MOUTH_SHADE] * 3, 1))
    shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).ConnectToSource(
        colour.CreateOutput("rgb", Sdf.ValueTypeNames.Float3)
    )
    shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(part.roughness)
    shader.CreateInput("metallic", Sdf.ValueTypeNames.Float).Set(0.0)
    root = (
        0.04 * part.specular
    ) ** 0.5  # the reflectance of glTF's specular factor, as an index of refraction
    shader.CreateInput("ior", Sdf.ValueTypeNames.Float).Set((1 + root) / (1 - root))
    if part.blend:
        shader.CreateInput("opacity", Sdf.ValueTypeNames.Float).ConnectToSource(
            colour.CreateOutput("a", Sdf.ValueTypeNames.Float)
        )
    elif "normal" in pictures:
        relief = texture("relief", pictures["normal"], "raw")
        relief.CreateInput("scale", Sdf.ValueTypeNames.Float4).Set(Gf.Vec4f(2, 2, 2, 1))
        relief.CreateInput("bias", Sdf.ValueTypeNames.Float4).Set(Gf.Vec4f(-1, -1, -1, 0))
        shader.CreateInput("normal", Sdf.ValueTypeNames.Normal3f).ConnectToSource(
            relief.CreateOutput("rgb", Sdf.ValueTypeNames.Float3)
        )
    return material


def _add_animation(stage: Usd.Stage, scene: _Scene, paths: list[str]) -> None:
    """All weights, and the transform of the head joint; joints that are not named rest."""
    from pxr import Gf, UsdSkel, Vt

    motion, joint = scene.motion, scene.skeleton.index("Head")
    animation = UsdSkel.Animation.Define(stage, f"{ROOT}/Skeleton/Animation")
    animation.CreateJointsAttr([paths[joint]])
    animation.CreateBlendShapesAttr(list(scene.targets.names))
    animation.CreateScalesAttr(Vt.Vec3hArray([Gf.Vec3h(1)]))
    local = scene.skeleton.local[joint]
    turns = quaternions(motion.rotation.astype(np.float64))
    assert np.allclose(quaternion_of(local[:3, :3]), (0, 0, 0, 1))  # the head's bone has the world's axes
    places = (motion.translation + local[:3, 3]).astype(np.float32)
    weights = scene.targets.curves(motion.curves)
    translations, rotations = animation.CreateTranslationsAttr(), animation.CreateRotationsAttr()
    shown = animation.CreateBlendShapeWeightsAttr()
    for frame in range(len(motion)):
        x, y, z, w = turns[frame].tolist()
        translations.Set(_vectors(places[frame : frame + 1]), frame)
        rotations.Set(Vt.QuatfArray([Gf.Quatf(w, x, y, z)]), frame)
        shown.Set(Vt.FloatArray.FromNumpy(weights[frame]), frame)


def _add_sound(stage: Usd.Stage, scene: _Scene, file: str) -> None:
    from pxr import Sdf, UsdMedia

    assert scene.wave is not None
    fps, start = float(scene.motion.fps), scene.motion.start
    sound = UsdMedia.SpatialAudio.Define(stage, f"{ROOT}/Speech")
    sound.CreateFilePathAttr(Sdf.AssetPath(file))
    sound.CreateAuralModeAttr(UsdMedia.Tokens.nonSpatial)
    sound.CreatePlaybackModeAttr(UsdMedia.Tokens.onceFromStart)
    if start < 0:
        sound.CreateStartTimeAttr(Sdf.TimeCode(-start * fps))
    elif start > 0:
        sound.CreateMediaOffsetAttr(start)  # seconds into the sound at which the motion begins


def _identifiers(names: Iterable[str]) -> list[str]:
    """``names`` as USD allows them, no two alike."""
    from pxr import Tf

    found: list[str] = []
    for name in names:
        valid = Tf.MakeValidIdentifier(name)
        found.append(f"{valid}_{len(found)}" if valid in found else valid)
    return found


def _vectors(rows: np.ndarray) -> Any:
    """(N, 3) as a Vec3fArray."""
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(rows, np.float32))
