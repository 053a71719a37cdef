// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatch
internal import OpenAIBatchJSON

/// The name of a job by what it does: the same input for the same purpose has the same key on any machine.
enum JobKey {
  /// SHA-256 over input bytes, endpoint, window and metadata, as 64 hexadecimal digits.
  static func hash(of file: RequestFile, _ options: BatchJob.Options) throws(BatchClientError) -> String {
    var hash = SHA256()
    do throws(FileFailure) {
      let bytes = try FileBytes(path: file.path)
      while let chunk = try bytes.next() { hash.update(chunk) }
    } catch {
      throw BatchClientError(.file, operation: "hashInput", error.description, underlying: error)
    }
    // As JSON, so that no value can pass for the next one's beginning.
    let purpose = [
      "endpoint": file.endpoint?.rawValue ?? "", "window": options.completionWindow.rawValue,
      "metadata": (try? JSONText.encode(options.metadata ?? [:])).map { String(decoding: $0, as: UTF8.self) }
        ?? "",
    ]
    hash.update((try? JSONText.encode(purpose))?[...] ?? [])
    return hash.hexDigest()
  }
}
