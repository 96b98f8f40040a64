"""BibTeX of the papers that laws and their constants come from."""

BIBTEX = {
    "hestness2017": """@article{hestness2017,
  title = {Deep Learning Scaling is Predictable, Empirically},
  author = {Hestness, Joel and Narang, Sharan and Ardalani, Newsha and Diamos, Gregory and Jun, Heewoo
            and Kianinejad, Hassan and Patwary, Md. Mostofa Ali and Yang, Yang and Zhou, Yanqi},
  journal = {arXiv:1712.00409}, year = {2017}
}""",
    "kaplan2020": """@article{kaplan2020,
  title = {Scaling Laws for Neural Language Models},
  author = {Kaplan, Jared and McCandlish, Sam and Henighan, Tom and Brown, Tom B. and Chess, Benjamin and Child, Rewon
            and Gray, Scott and Radford, Alec and Wu, Jeffrey and Amodei, Dario},
  journal = {arXiv:2001.08361}, year = {2020}
}""",
    "clark2022": """@article{clark2022,
  title = {Unified Scaling Laws for Routed Language Models},
  author = {Clark, Aidan and de las Casas, Diego and Guy, Aurelia and Mensch, Arthur and others},
  journal = {arXiv:2202.01169}, year = {2022}
}""",
    "krajewski2024": """@article{krajewski2024,
  title = {Scaling Laws for Fine-Grained Mixture of Experts},
  author = {Krajewski, Jakub and Ludziejewski, Jan and Adamczewski, Kamil and Pi{\\'o}ro, Maciej and others},
  journal = {arXiv:2402.07871}, year = {2024}
}""",
    "ludziejewski2025": """@article{ludziejewski2025,
  title = {Joint MoE Scaling Laws: Mixture of Experts Can Be Memory Efficient},
  author = {Ludziejewski, Jan and Pi{\\'o}ro, Maciej and Krajewski, Jakub and others},
  journal = {arXiv:2502.05172}, year = {2025}
}""",
    "frantar2023": """@article{frantar2023,
  title = {Scaling Laws for Sparsely-Connected Foundation Models},
  author = {Frantar, Elias and Riquelme, Carlos and Houlsby, Neil and Alistarh, Dan and Evci, Utku},
  journal = {arXiv:2309.08520}, year = {2023}
}""",
    "chen2025_parscale": """@article{chen2025_parscale,
  title = {Parallel Scaling Law for Language Models},
  author = {Chen, Mouxiang and Hui, Binyuan and Cui, Zeyu and Yang, Jiaxi and others},
  journal = {arXiv:2505.10475}, year = {2025}
}""",
    "kumar2024": """@article{kumar2024,
  title = {Scaling Laws for Precision},
  author = {Kumar, Tanishq and Ankner, Zachary and Spector, Benjamin F. and Bordelon, Blake and others},
  journal = {arXiv:2411.04330}, year = {2024}
}""",
    "shen2024": """@article{shen2024,
  title = {Scaling Laws for Linear Complexity Language Models},
  author = {Shen, Xuyang and Li, Dong and Leng, Ruitao and Qin, Zhen and Sun, Weigao and Zhong, Yiran},
  journal = {arXiv:2406.16690}, year = {2024}
}""",
    "li2025_steplaw": """@article{li2025_steplaw,
  title = {Predictable Scale: Part I, Optimal Hyperparameter Scaling Law in Large Language Model Pretraining},
  author = {Li, Houyi and Zheng, Wenzhen and Wang, Qiufeng and Zhang, Hanshan and others},
  journal = {arXiv:2503.04715}, year = {2025}
}""",
    "deepseek2024": """@article{deepseek2024,
  title = {DeepSeek LLM: Scaling Open-Source Language Models with Longtermism},
  author = {{DeepSeek-AI}},
  journal = {arXiv:2401.02954}, year = {2024}
}""",
    "bergsma2025": """@article{bergsma2025,
  title = {Power Lines: Scaling Laws for Weight Decay and Batch Size in LLM Pre-training},
  author = {Bergsma, Shane and Dey, Nolan and Gosal, Gurpreet and Gray, Gavia and Soboleva, Daria and Hestness, Joel},
  journal = {arXiv:2505.13738}, year = {2025}
}""",
    "karpathy2026": """@article{karpathy2026,
  title = {nanochat},
  author = {Karpathy, Andrej},
  journal = {github.com/karpathy/nanochat}, year = {2026}
}""",
    "marin2025": """@article{marin2025,
  title = {Marin: an open lab for foundation models},
  author = {{The Marin community}},
  journal = {github.com/marin-community/marin}, year = {2025}
}""",
    "yang2022": """@article{yang2022,
  title = {Tensor Programs V: Tuning Large Neural Networks via Zero-Shot Hyperparameter Transfer},
  author = {Yang, Greg and Hu, Edward J. and Babuschkin, Igor and Sidor, Szymon and others},
  journal = {arXiv:2203.03466}, year = {2022}
}""",
    "fan2025": """@article{fan2025,
  title = {Robust Layerwise Scaling Rules by Proper Weight Decay Tuning},
  author = {Fan, Zhiyuan and Liu, Yifeng and Zhao, Qingyue and Yuan, Angela and Gu, Quanquan},
  journal = {arXiv:2510.15262}, year = {2025}
}""",
    "openathena2026": """@article{openathena2026,
  title = {Scaling law analysis: isoFLOP data and exponents of many labs},
  author = {{Open Athena}},
  journal = {github.com/Open-Athena/scaling-law-analysis}, year = {2026}
}""",
    "tan2025": """@article{tan2025,
  title = {Scaling Behaviors of LLM Reinforcement Learning Post-Training: An Empirical Study in Mathematical Reasoning},
  author = {Tan, Zelin and others},
  journal = {arXiv:2509.25300}, year = {2025}
}""",
    "gao2022": """@article{gao2022,
  title = {Scaling Laws for Reward Model Overoptimization},
  author = {Gao, Leo and Schulman, John and Hilton, Jacob},
  journal = {arXiv:2210.10760}, year = {2022}
}""",
    "feng2025": """@article{feng2025,
  title = {Optimal Self-Consistency for Efficient Reasoning with Large Language Models},
  author = {Feng, Austin and Alonso, Marius and Odonnat, Ambroise},
  journal = {arXiv:2511.12309}, year = {2025}
}""",
    "t2_2026": """@article{t2_2026,
  title = {Test-time scaling in the training budget: loss with repeated sampling (T2)},
  author = {{quoted from a public study note of 2026; authors not at hand}},
  journal = {secondary source}, year = {2026}
}""",
    "ruan2024": """@article{ruan2024,
  title = {Observational Scaling Laws and the Predictability of Language Model Performance},
  author = {Ruan, Yangjun and Maddison, Chris J. and Hashimoto, Tatsunori},
  journal = {arXiv:2405.10938}, year = {2024}
}""",
    "henighan2020": """@article{henighan2020,
  title = {Scaling Laws for Autoregressive Generative Modeling},
  author = {Henighan, Tom and Kaplan, Jared and Katz, Mor and Chen, Mark and Hesse, Christopher and others},
  journal = {arXiv:2010.14701}, year = {2020}
}""",
    "lin2024": """@article{lin2024,
  title = {Data Scaling Laws in Imitation Learning for Robotic Manipulation},
  author = {Lin, Fanqi and Hu, Yingdong and Sheng, Pingyue and Wen, Chuan and You, Jiacheng and Gao, Yang},
  journal = {arXiv:2410.18647}, year = {2024}
}""",
    "rosso2025": """@article{rosso2025,
  title = {Scaling Laws for Uncertainty in Deep Learning},
  author = {Rosso, Mattia and Rossi, Simone and Franzese, Giulio and Heinonen, Markus and Filippone, Maurizio},
  journal = {arXiv:2506.09648}, year = {2025}
}""",
    "bahri2021": """@article{bahri2021,
  title = {Explaining Neural Scaling Laws},
  author = {Bahri, Yasaman and Dyer, Ethan and Kaplan, Jared and Lee, Jaehoon and Sharma, Utkarsh},
  journal = {arXiv:2102.06701}, year = {2021}
}""",
    "choshen2024": """@article{choshen2024,
  title = {A Hitchhiker's Guide to Scaling Law Estimation},
  author = {Choshen, Leshem and Zhang, Yang and Andreas, Jacob},
  journal = {arXiv:2410.11840}, year = {2024}
}""",
    "baniodeh2025": """@article{baniodeh2025,
  title = {Scaling Laws of Motion Forecasting and Planning},
  author = {Baniodeh, Mustafa and others},
  journal = {arXiv:2506.08228}, year = {2025}
}""",
    "yao2024": """@article{yao2024,
  title = {Towards Neural Scaling Laws for Time Series Foundation Models},
  author = {Yao, Qingren and Yang, Chao-Han Huck and Jiang, Renhe and Liang, Yuxuan and Jin, Ming and Pan, Shirui},
  journal = {arXiv:2410.12360}, year = {2024}
}""",
    "zhang2025_dpa3": """@article{zhang2025_dpa3,
  title = {A Graph Neural Network for the Era of Large Atomistic Models},
  author = {Zhang, Duo and others},
  journal = {arXiv:2506.01686}, year = {2025}
}""",
    "kang2024": """@article{kang2024,
  title = {How Far is Video Generation from World Model: A Physical Law Perspective},
  author = {Kang, Bingyi and Yue, Yang and Lu, Rui and Lin, Zhijie and Zhao, Yang and Wang, Kaixin and Huang, Gao
            and Feng, Jiashi},
  journal = {arXiv:2411.02385}, year = {2024}
}""",
    "tissue2024": """@article{tissue2024,
  title = {Scaling Law with Learning Rate Annealing},
  author = {Tissue, Howe and Wang, Venus and Wang, Lu},
  journal = {arXiv:2408.11029}, year = {2024}
}""",
    "luo2025": """@article{luo2025,
  title = {A Multi-Power Law for Loss Curve Prediction Across Learning Rate Schedules},
  author = {Luo, Kairong and Wen, Haodong and Hu, Shengding and Sun, Zhenbo and Liu, Zhiyuan and Sun, Maosong and others},
  journal = {arXiv:2503.12811}, year = {2025}
}""",
    "hoffmann2022": """@article{hoffmann2022,
  title = {Training Compute-Optimal Large Language Models},
  author = {Hoffmann, Jordan and Borgeaud, Sebastian and Mensch, Arthur and Buchatskaya, Elena and others},
  journal = {arXiv:2203.15556}, year = {2022}
}""",
    "besiroglu2024": """@article{besiroglu2024,
  title = {Chinchilla Scaling: A Replication Attempt},
  author = {Besiroglu, Tamay and Erdil, Ege and Barnett, Matthew and You, Josh},
  journal = {arXiv:2404.10102}, year = {2024}
}""",
    "muennighoff2023": """@article{muennighoff2023,
  title = {Scaling Data-Constrained Language Models},
  author = {Muennighoff, Niklas and Rush, Alexander M. and Barak, Boaz and Le Scao, Teven and Piktus, Aleksandra
            and Tazi, Nouamane and Pyysalo, Sampo and Wolf, Thomas and Raffel, Colin},
  journal = {arXiv:2305.16264}, year = {2023}
}""",
    "gadre2024": """@article{gadre2024,
  title = {Language models scale reliably with over-training and on downstream tasks},
  author = {Gadre, Samir Yitzhak and Smyrnis, Georgios and Shankar, Vaishaal and Gururangan, Suchin and others},
  journal = {arXiv:2403.08540}, year = {2024}
}""",
    "caballero2023": """@article{caballero2023,
  title = {Broken Neural Scaling Laws},
  author = {Caballero, Ethan and Gupta, Kshitij and Rish, Irina and Krueger, David},
  journal = {arXiv:2210.14891}, year = {2022}
}""",
    "alabdulmohsin2022": """@article{alabdulmohsin2022,
  title = {Revisiting Neural Scaling Laws in Language and Vision},
  author = {Alabdulmohsin, Ibrahim and Neyshabur, Behnam and Zhai, Xiaohua},
  journal = {arXiv:2209.06640}, year = {2022}
}""",
    "bhagia2024": """@article{bhagia2024,
  title = {Establishing Task Scaling Laws via Compute-Efficient Model Ladders},
  author = {Bhagia, Akshita and Liu, Jiacheng and Wettig, Alexander and Heineman, David and others},
  journal = {arXiv:2412.04403}, year = {2024}
}""",
    "nezhurina2025": """@article{nezhurina2025,
  title = {Scaling Laws for Robust Comparison of Open Foundation Language-Vision Models and Datasets},
  author = {Nezhurina, Marianna and Porian, Tomer and Puccetti, Giovanni and Kerssies, Tommie and Beaumont, Romain
            and Cherti, Mehdi and Jitsev, Jenia},
  journal = {arXiv:2506.04598}, year = {2025}
}""",
    "xiong2023": """@article{xiong2023,
  title = {Effective Long-Context Scaling of Foundation Models},
  author = {Xiong, Wenhan and Liu, Jingyu and Molybog, Igor and Zhang, Hejia and others},
  journal = {arXiv:2309.16039}, year = {2023}
}""",
    "brown2024": """@article{brown2024,
  title = {Large Language Monkeys: Scaling Inference Compute with Repeated Sampling},
  author = {Brown, Bradley and Juravsky, Jordan and Ehrlich, Ryan and Clark, Ronald and Le, Quoc V. and R{\\'e}, Christopher
            and Mirhoseini, Azalia},
  journal = {arXiv:2407.21787}, year = {2024}
}""",
    "khatri2025": """@article{khatri2025,
  title = {The Art of Scaling Reinforcement Learning Compute for {LLMs}},
  author = {Khatri, Devvrit and Madaan, Lovish and others},
  journal = {arXiv:2510.13786}, year = {2025}
}""",
    "cui2025": """@article{cui2025,
  title = {The Entropy Mechanism of Reinforcement Learning for Reasoning Language Models},
  author = {Cui, Ganqu and Zhang, Yuchen and Chen, Jiacheng and Yuan, Lifan and others},
  journal = {arXiv:2505.22617}, year = {2025}
}""",
    "rosenfeld2020": """@article{rosenfeld2020,
  title = {A Constructive Prediction of the Generalization Error Across Scales},
  author = {Rosenfeld, Jonathan S. and Rosenfeld, Amir and Belinkov, Yonatan and Shavit, Nir},
  journal = {arXiv:1909.12673}, year = {2019}
}""",
    "mccandlish2018": """@article{mccandlish2018,
  title = {An Empirical Model of Large-Batch Training},
  author = {McCandlish, Sam and Kaplan, Jared and Amodei, Dario and {OpenAI Dota Team}},
  journal = {arXiv:1812.06162}, year = {2018}
}""",
    "brandfonbrener2024": """@article{brandfonbrener2024,
  title = {Loss-to-Loss Prediction: Scaling Laws for All Datasets},
  author = {Brandfonbrener, David and Anand, Nikhil and Vyas, Nikhil and Malach, Eran and Kakade, Sham},
  journal = {arXiv:2411.12925}, year = {2024}
}""",
    "goyal2024": """@article{goyal2024,
  title = {Scaling Laws for Data Filtering: Data Curation cannot be Compute Agnostic},
  author = {Goyal, Sachin and Maini, Pratyush and Lipton, Zachary C. and Raghunathan, Aditi and Kolter, J. Zico},
  journal = {arXiv:2404.07177}, year = {2024}
}""",
    "ye2024": """@article{ye2024,
  title = {Data Mixing Laws: Optimizing Data Mixtures by Predicting Language Modeling Performance},
  author = {Ye, Jiasheng and Liu, Peiju and Sun, Tianxiang and Zhou, Yunhua and Zhan, Jun and Qiu, Xipeng},
  journal = {arXiv:2403.16952}, year = {2024}
}""",
    "liu2024": """@article{liu2024,
  title = {{RegMix}: Data Mixture as Regression for Language Model Pre-training},
  author = {Liu, Qian and Zheng, Xiaosen and Muennighoff, Niklas and Zeng, Guangtao and others},
  journal = {arXiv:2407.01492}, year = {2024}
}""",
    "hernandez2021": """@article{hernandez2021,
  title = {Scaling Laws for Transfer},
  author = {Hernandez, Danny and Kaplan, Jared and Henighan, Tom and McCandlish, Sam},
  journal = {arXiv:2102.01293}, year = {2021}
}""",
    "isik2024": """@article{isik2024,
  title = {Scaling Laws for Downstream Task Performance of Large Language Models},
  author = {Isik, Berivan and Ponomareva, Natalia and Hazimeh, Hussein and Paparas, Dimitris
            and Vassilvitskii, Sergei and Koyejo, Sanmi},
  journal = {arXiv:2402.04177}, year = {2024}
}""",
    "sorscher2022": """@article{sorscher2022,
  title = {Beyond neural scaling laws: beating power law scaling via data pruning},
  author = {Sorscher, Ben and Geirhos, Robert and Shekhar, Shashank and Ganguli, Surya and Morcos, Ari S.},
  journal = {arXiv:2206.14486}, year = {2022}
}""",
    "kang2023": """@article{kang2023,
  title = {Performance Scaling via Optimal Transport: Enabling Data Selection from Partially Revealed Sources},
  author = {Kang, Feiyang and Just, Hoang Anh and Sahu, Anit Kumar and Jia, Ruoxi},
  journal = {arXiv:2307.02460}, year = {2023}
}""",
    "busbridge2025": """@article{busbridge2025,
  title = {Distillation Scaling Laws},
  author = {Busbridge, Dan and Shidani, Amitis and Weers, Floris and Ramapuram, Jason and Littwin, Etai and Webb, Russ},
  journal = {arXiv:2502.08606}, year = {2025}
}""",
    "aghajanyan2023": """@article{aghajanyan2023,
  title = {Scaling Laws for Generative Mixed-Modal Language Models},
  author = {Aghajanyan, Armen and Yu, Lili and Conneau, Alexis and Hsu, Wei-Ning and others},
  journal = {arXiv:2301.03728}, year = {2023}
}""",
    "li2025_farseer": """@article{li2025_farseer,
  title = {Predictable Scale: Part {II}, {Farseer}: A Refined Scaling Law in Large Language Models},
  author = {Li, Houyi and Zheng, Wenzhen and Wang, Qiufeng and others},
  journal = {arXiv:2506.10972}, year = {2025}
}""",
}
