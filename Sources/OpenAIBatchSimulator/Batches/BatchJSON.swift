// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchModels

extension BatchRun {
  /// The batch as the service shows it. What is not there is an explicit null.
  func json(_ time: SimulatedTime) -> JSONNode {
    let moments = timeline.entered(by: moment)
    func seconds(_ moment: Duration?) -> JSONNode { .optional(moment.map(time.unixSeconds)) }
    return [
      "id": .string(id),
      "object": "batch",
      "endpoint": .string(creation.endpoint.rawValue),
      "model": .optional(model),
      "errors": errors.isEmpty ? .null : ["object": "list", "data": .array(errors.map(\.json))],
      "input_file_id": .string(creation.inputFileID),
      "completion_window": .string(creation.completionWindow),
      "status": .string(status.rawValue),
      "output_file_id": .optional(outputFileID),
      "error_file_id": .optional(errorFileID),
      "created_at": seconds(timeline.created),
      "in_progress_at": seconds(moments.inProgress),
      "expires_at": seconds(timeline.deadline),
      "finalizing_at": seconds(moments.finalizing),
      "completed_at": seconds(moments.completed),
      "failed_at": seconds(moments.failed),
      "expired_at": seconds(moments.expired),
      "cancelling_at": seconds(moments.cancelling),
      "cancelled_at": seconds(moments.cancelled),
      "request_counts": [
        "total": .int(rowCount), "completed": .int(progress.completed), "failed": .int(progress.failed),
      ],
      "usage": progress.usage.json,
      "metadata": creation.metadata,
    ]
  }
}

extension FileStore.Entry {
  /// The file as the service shows it.
  var json: JSONNode {
    [
      "object": "file", "id": .string(id), "purpose": .string(purpose), "filename": .string(filename),
      "bytes": .int(content.byteCount), "created_at": .int(createdAt), "expires_at": .optional(expiresAt),
      "status": "processed", "status_details": .null,
    ]
  }
}
