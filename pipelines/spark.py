"""`score --engine spark`: the same bundle over parquet of any size, on as many machines as Spark has.

Every row of every parquet file below IN is a sentence (column `text`, maybe `id` and `doc`); OUT/sentences.parquet gets
the rows that the local engine would write, in no particular order. Needs the extra `spark` and Java 17 or later.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import features
from features import distributed, scored
from features.batches import SENTENCES_AT_ONCE
from features.bundle import Bundle
from features.errors import UsageFailure

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_INSTALL = "install the extra: .venv/bin/uv pip install --python .venv -r pyproject.toml --extra spark"
_BYTES_PER_PARTITION = 16 << 20


def score(model: Bundle, folder: Path, source: str, out: str) -> int:
    """Score the rows below `source` into `out`/sentences.parquet; returns how many there are.

    Raises UsageFailure without Spark or Java, where there is no column `text`, and where `out` holds a result already.
    """
    spark = _session()
    context = spark.sparkContext
    target = f"{out.rstrip('/')}/sentences.parquet"
    if _path(spark, target).getFileSystem(_settings(spark)).exists(_path(spark, target)):
        raise UsageFailure(f"{out}: holds a result already; name another folder or delete it")
    fingerprint = model.fingerprint
    shared = context.broadcast(distributed.files(folder, model))
    with tempfile.TemporaryDirectory() as scratch:
        code = Path(features.__file__).parent
        context.addPyFile(shutil.make_archive(f"{scratch}/features", "zip", code.parent, code.name))
        asked = _rows(spark, source, reads_neighbours=any(view.ngrams.field != "text" for view in model.model.views))
        root, schema = _address(spark, source), _spark_schema(model)
        answered = asked.mapInArrow(lambda batches: distributed.answers(shared, fingerprint, root, batches), schema)
        answered.write.option("compression", "zstd").mode("errorifexists").parquet(target)
        return int(spark.read.parquet(target).count())


def _session() -> "SparkSession":
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UsageFailure(f"Spark is not installed; {_INSTALL}") from error
    settings = {
        "spark.sql.execution.arrow.maxRecordsPerBatch": SENTENCES_AT_ONCE,
        "spark.sql.files.maxPartitionBytes": _BYTES_PER_PARTITION,
        "spark.executorEnv.OMP_NUM_THREADS": 1,
        "spark.executorEnv.OPENBLAS_NUM_THREADS": 1,
    }
    builder: Any = SparkSession.builder.appName("score")
    for name, value in settings.items():
        builder = builder.config(name, str(value))
    session: SparkSession = builder.getOrCreate()
    if session.sparkContext.master.startswith("local") and "PYSPARK_PYTHON" not in os.environ:
        # Workers here have what this process has, whether or not its environment is the activated one.
        session.sparkContext.pythonExec = sys.executable
    return session


def _rows(spark: "SparkSession", source: str, *, reads_neighbours: bool) -> "DataFrame":
    """Sentences with where they stand, and with their neighbours where the model reads them; see `batches.of_rows`."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    read = spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet").parquet(source)
    if "text" not in read.columns:
        raise UsageFailure(f"{source}: needs a column 'text'; it has {', '.join(read.columns)}")
    nothing = f.lit(None).cast("string")
    doc, number = (f.col(name).cast("string") if name in read.columns else nothing for name in ("doc", "id"))
    file, position = f.col("_metadata.file_path"), f.col("_metadata.row_index")
    rows = read.select("text", doc.alias("doc"), number.alias("id"), file.alias("file"), position.alias("position"))
    if reads_neighbours:
        beside = Window.partitionBy("file", "doc").orderBy("position")
        for column, step in (("before", 1), ("after", -1)):
            near = f.lag("position", step).over(beside) == f.col("position") - step
            text = f.when(f.col("doc").isNotNull() & near, f.lag("text", step).over(beside))
            rows = rows.withColumn(column, f.coalesce(text, f.lit("")))
    return rows.filter(f.col("text").isNotNull()).withColumn("file", f.when(f.col("doc").isNull(), f.col("file")))


def _address(spark: "SparkSession", source: str) -> str:
    """The whole URI of what the user has named."""
    path = _path(spark, source)
    return str(path.getFileSystem(_settings(spark)).makeQualified(path).toUri())


def _path(spark: "SparkSession", address: str) -> Any:
    """A file or folder as Spark's own file systems know it, here or in an object store."""
    return spark.sparkContext._jvm.org.apache.hadoop.fs.Path(address)


def _settings(spark: "SparkSession") -> Any:
    return spark._jsparkSession.sessionState().newHadoopConf()


def _spark_schema(model: Bundle) -> str:
    kinds = {"string": "string", "int64": "bigint", "bool": "boolean", "double": "double"}
    fields = scored.schema(model.themes, explain=False)
    return ", ".join(f"`{field.name}` {kinds[str(field.type)]}" for field in fields)
