/// Names for containers that were given none: an adjective and a bird, for a project named after the swifts.
enum NameGenerator {
  /// A name that `isTaken` does not know. After a few tries a number is appended, which ends in finite time.
  static func next(isTaken: (String) -> Bool) -> String {
    for attempt in 0... {
      let adjective = adjectives[Int.random(in: adjectives.indices)]
      let bird = birds[Int.random(in: birds.indices)]
      let name = attempt < 6 ? "\(adjective)_\(bird)" : "\(adjective)_\(bird)\(Int.random(in: 0...999_999))"
      if !isTaken(name) { return name }
    }
    return randomHexadecimal(words: 1)
  }

  static let adjectives = [
    "airy", "alert", "amber", "ardent", "autumn", "bold", "breezy", "bright", "brisk", "calm", "candid", "cheery",
    "clear", "clever", "coastal", "cosy", "crisp", "curious", "dapper", "daring", "deft", "distant", "eager", "early",
    "easy", "elegant", "ember", "fair", "fearless", "fleet", "fluent", "free", "gentle", "gilded", "glad", "golden",
    "graceful", "grand", "happy", "hardy", "hazel", "high", "honest", "hopeful", "humble", "jolly", "keen", "kind",
    "lasting", "light", "lively", "lofty", "loyal", "lucid", "lucky", "lunar", "mellow", "merry", "mild", "misty",
    "modest", "morning", "neat", "nimble", "noble", "northern", "open", "patient", "placid", "plucky", "polite",
    "prompt", "proud", "quick", "quiet", "rapid", "ready", "restful", "rosy", "ruddy", "rustic", "sage", "serene",
    "sharp", "silent", "silver", "sleek", "snowy", "solar", "southern", "spry", "steady", "stellar", "sunny", "sure",
    "swift", "tidy", "tranquil", "true", "upbeat", "valiant", "vivid", "warm", "wild", "windy", "wise", "witty",
    "young", "zesty",
  ]

  static let birds = [
    "auk", "avocet", "bittern", "blackcap", "bluebird", "bunting", "buzzard", "chaffinch", "chiffchaff", "chough",
    "condor", "coot", "cormorant", "corncrake", "crane", "crossbill", "cuckoo", "curlew", "dipper", "dove", "duck",
    "dunlin", "dunnock", "eagle", "egret", "eider", "falcon", "fieldfare", "finch", "firecrest", "flamingo",
    "flycatcher", "fulmar", "gannet", "godwit", "goldcrest", "goldfinch", "goose", "goshawk", "grebe", "greenfinch",
    "guillemot", "gull", "harrier", "hawk", "heron", "hobby", "hoopoe", "hummingbird", "ibis", "jackdaw", "jay",
    "kestrel", "kingfisher", "kite", "kittiwake", "knot", "lapwing", "lark", "linnet", "loon", "magpie", "mallard",
    "martin", "merlin", "nightingale", "nightjar", "nuthatch", "oriole", "osprey", "ouzel", "owl", "partridge",
    "pelican", "peregrine", "petrel", "pintail", "pipit", "plover", "puffin", "quail", "raven", "redpoll", "redstart",
    "redwing", "robin", "roller", "rook", "ruff", "sanderling", "sandpiper", "shearwater", "shelduck", "shrike",
    "siskin", "skua", "skylark", "snipe", "sparrow", "starling", "stilt", "stonechat", "stork", "swallow", "swan",
    "swift", "tanager", "teal", "tern", "thrush", "tit", "turnstone", "wagtail", "warbler", "waxwing", "wheatear",
    "whimbrel", "whinchat", "whitethroat", "wigeon", "woodcock", "woodpecker", "wren", "wryneck",
  ]
}
