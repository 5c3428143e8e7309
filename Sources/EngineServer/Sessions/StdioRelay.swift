import Diagnostics
import Engine
import EngineAPI
import NIOCore

/// Copies between a client and the standard streams of a container or exec, until the output ends, the client
/// leaves, or the detach keys are pressed.
struct StdioRelay: Sendable {
  let session: any StdioSession
  /// Nil where the client's input goes nowhere: then it is only watched for its end.
  let detachKeys: DetachKeys?

  init(_ session: any StdioSession, detachKeys: DetachKeys?) {
    self.session = session
    self.detachKeys = detachKeys
  }

  func run(on connection: RawConnection) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await copyOutput(to: connection) }
      group.addTask { await copyInput(from: connection) }
    }
    await session.detach()
  }

  private func copyOutput(to connection: RawConnection) async {
    do {
      while let chunk = try await session.nextOutput() {
        try await connection.write(session.isTerminal ? chunk.bytes : framed(chunk))
      }
    } catch is ClientGone {
      // Nobody is there to read on.
    } catch {
      // The status has gone out; what can be said goes into the stream.
      let words = ByteBuffer(string: explanation(of: error) + "\r\n")
      try? await connection.write(session.isTerminal ? words : framed(StdioChunk(stream: .error, bytes: words)))
    }
    await session.detach()
    connection.close()
  }

  private func copyInput(from connection: RawConnection) async {
    var filter = DetachKeyFilter(detachKeys ?? .standard)
    do {
      while let typed = try await connection.read() {
        guard detachKeys != nil else { continue }
        guard session.isTerminal else {
          try await session.writeInput(typed)
          continue
        }
        let (input, isDetached) = filter.filter(typed)
        if input.readableBytes > 0 { try await session.writeInput(input) }
        if isDetached { return await session.detach() }
      }
      await session.closeInput()
    } catch is ClientGone {
      // The client has gone without a word, which ends its input as well; or the output is complete.
      await session.closeInput()
      await session.detach()
    } catch {
      // The process takes no more input, which is its right; its output goes on.
    }
  }
}

/// A chunk with its header, as clients take it that did not ask for a terminal.
func framed(_ chunk: StdioChunk) -> ByteBuffer {
  framed(RawStreamFrame.Stream(rawValue: chunk.stream.rawValue) ?? .output, chunk.bytes)
}

func framed(_ stream: RawStreamFrame.Stream, _ bytes: ByteBuffer) -> ByteBuffer {
  let header = RawStreamFrame.header(stream, payloadLength: UInt32(bytes.readableBytes))
  var frame = ByteBuffer()
  frame.reserveCapacity(header.count + bytes.readableBytes)
  frame.writeBytes(header)
  frame.writeImmutableBuffer(bytes)
  return frame
}
