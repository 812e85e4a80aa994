"""amlresist: why did the leukemia come back, and what changed between diagnosis and relapse?"""

__version__ = "0.1.0"
